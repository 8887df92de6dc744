package api

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

func tied(field, id string) func(map[string]any) {
	return func(b map[string]any) { b[field] = id }
}

// read reads a case anew.
func (w *world) read(who, id string) (v caseView) {
	w.t.Helper()
	w.call(who, "GET", prefix+"/cases/"+id, nil).into(200, &v)
	return v
}

const nowhere = "01900000-0000-7000-8000-000000000000"

func TestRegisteringTiedCases(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk := "clerk@" + centreA
		first, theirs := w.register(clerk), w.register("clerk@"+centreB)
		hidden := w.register(clerk, against(centreA))
		for _, field := range []string{"repeats", "derived_from"} {
			for _, id := range []string{theirs.ID, hidden.ID, nowhere, "x", "' OR 1=1", first.Number} {
				p := w.call(clerk, "POST", prefix+"/cases", appeal(tied(field, id))).problem(422, "invalid_fields")
				require.Equal(t, "没有找到这个案件。", p.wrong(field), id)
			}
		}
		p := w.call(clerk, "POST", prefix+"/cases", appeal(tied("repeats", first.ID), tied("derived_from", first.ID))).problem(422, "invalid_fields")
		require.NotEmpty(t, p.wrong("repeats"))

		w.clock.advance(time.Minute)
		again := w.register(clerk, tied("repeats", first.ID))
		require.Equal(t, first.ID, again.Matter)
		require.Equal(t, first.ID, *again.Repeats)
		require.True(t, again.Has(domain.FlagRepeat))
		require.Equal(t, 2, again.Visits)
		out := w.register(clerk, tied("derived_from", again.ID))
		require.Equal(t, first.ID, out.Matter)
		require.False(t, out.Has(domain.FlagRepeat))
		require.Equal(t, 2, out.Visits, "what an office opens is no visit")
		require.Equal(t, 1, w.register(clerk).Visits)

		var links linksOutput
		w.call(clerk, "GET", prefix+"/cases/"+again.ID+"/links", nil).into(200, &links.Body)
		require.Len(t, links.Body.Items, 2)
		require.Zero(t, links.Body.Hidden)
		require.Equal(t, linkedCase{
			ID: first.ID, Number: first.Number, Title: first.Title, ProcedureTitle: "诉求", State: "registered", StateTitle: "已登记", Disposition: domain.Pending,
		}, links.Body.Items[0].Case)
		require.Equal(t, domain.LinkRepeats, links.Body.Items[0].Kind)
		require.Equal(t, out.ID, links.Body.Items[1].Case.ID)
		require.Equal(t, domain.LinkDerivedFrom, links.Body.Items[1].Kind)
	})
}

func TestLinkingAndUnlinkingRepeats(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk := "clerk@" + centreA
		first, theirs := w.register(clerk), w.register("clerk@"+centreB)
		w.clock.advance(time.Minute)
		c := w.register(clerk)
		old := c
		for _, id := range []string{theirs.ID, nowhere, "x", c.ID} {
			p := w.act(clerk, &c, "link_repeat", map[string]any{"first_case": id}).problem(422, "invalid_fields")
			require.NotEmpty(t, p.wrong("fields.first_case"), id)
		}
		later := w.register(clerk, func(b map[string]any) { b["received_at"] = w.clock.now().Add(30 * time.Second) })
		require.NotEmpty(t, ptr(w.act(clerk, &c, "link_repeat", map[string]any{"first_case": later.ID}).problem(422, "invalid_fields")).wrong("fields.first_case"))
		w.act("clerk@"+centreB, &c, "link_repeat", map[string]any{"first_case": theirs.ID}).problem(404, "case_not_found")

		require.Equal(t, 200, w.act(clerk, &c, "link_repeat", map[string]any{"first_case": first.ID}).status)
		require.Equal(t, first.ID, c.Matter)
		require.Equal(t, 2, c.Visits)
		require.Equal(t, 2, w.read(clerk, first.ID).Visits)
		w.act(clerk, &old, "link_repeat", map[string]any{"first_case": first.ID}).problem(412, "version_stale")
		w.act(clerk, &c, "link_repeat", map[string]any{"first_case": first.ID}).problem(409, "guard_linked")
		// The first case cannot become another's repeat while this hangs on it.
		earliest := w.register(clerk, func(b map[string]any) { b["received_at"] = w.clock.now().Add(-time.Hour) })
		w.act(clerk, &first, "link_repeat", map[string]any{"first_case": earliest.ID}).problem(409, "matter_has_cases")

		require.Equal(t, 200, w.act(clerk, &c, "unlink_repeat", map[string]any{"unlink_reason": "不是同一件事"}).status)
		c = w.read(clerk, c.ID)
		require.Equal(t, c.ID, c.Matter)
		require.Nil(t, c.Repeats)
		require.Equal(t, 1, c.Visits)
		w.act(clerk, &c, "unlink_repeat", map[string]any{"unlink_reason": "x"}).problem(409, "guard_linked")
		var links linksOutput
		w.call(clerk, "GET", prefix+"/cases/"+c.ID+"/links", nil).into(200, &links.Body)
		require.Empty(t, links.Body.Items)
	})
}

func TestMergingAndUnmerging(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk, chief := "clerk@"+centreA, "supervisor@"+centreA
		persons := func(n int) func(map[string]any) { return func(b map[string]any) { b["persons"] = n } }
		master, a, b := w.register(clerk, persons(2)), w.register(clerk, persons(3)), w.register(clerk)
		require.Equal(t, 2, master.Petitioners)
		p := w.act(clerk, &a, "merge", map[string]any{"master": a.ID}).problem(422, "invalid_fields")
		require.NotEmpty(t, p.wrong("fields.master"))
		stale := a
		require.Equal(t, 200, w.act(clerk, &a, "merge", map[string]any{"master": master.ID}).status)
		w.act(clerk, &stale, "merge", map[string]any{"master": master.ID}).problem(412, "version_stale")
		w.act(clerk, &a, "merge", map[string]any{"master": master.ID}).problem(409, "action_not_allowed")

		// Neither into one that is merged, nor one that others are merged into.
		p = w.act(clerk, &b, "merge", map[string]any{"master": a.ID}).problem(422, "invalid_fields")
		require.Contains(t, p.wrong("fields.master"), "主件本身已并案")
		p = w.act(clerk, &master, "merge", map[string]any{"master": b.ID}).problem(422, "invalid_fields")
		require.Contains(t, p.wrong("fields.master"), "主件")
		require.Equal(t, 1, master.Version)

		v := w.read(clerk, master.ID)
		require.Equal(t, 5, v.Petitioners)
		require.Equal(t, 2, v.Visits)
		require.Equal(t, 3, w.read(clerk, a.ID).Petitioners)
		var links linksOutput
		w.call(clerk, "GET", prefix+"/cases/"+master.ID+"/links", nil).into(200, &links.Body)
		require.Equal(t, domain.Merged, links.Body.Items[0].Case.Disposition)

		var wg sync.WaitGroup
		statuses := make([]int, 4)
		before := a
		for i := range statuses { // two people, each clicking twice
			wg.Go(func() {
				mine := before
				statuses[i] = w.act([]string{clerk, chief}[i%2], &mine, "unmerge", map[string]any{"reason": "不是同一件事"}).status
			})
		}
		wg.Wait()
		won := 0
		for _, status := range statuses {
			if status == 200 {
				won++
			} else {
				require.Contains(t, []int{409, 412}, status)
			}
		}
		require.Equal(t, 1, won)
		v = w.read(clerk, a.ID)
		require.Equal(t, "registered", v.State)
		require.Nil(t, v.MergedInto)
		require.Equal(t, before.Version+1, v.Version)
		require.Equal(t, 2, w.read(clerk, master.ID).Petitioners)
	})
}

func (w *world) chain(who, id string) (v chainView) {
	w.t.Helper()
	w.call(who, "GET", prefix+"/cases/"+id+"/chain", nil).into(200, &v)
	return v
}

func TestChainTellsTheMatter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk, chief := "clerk@"+centreA, "supervisor@"+county
		first := w.register(clerk)
		w.clock.advance(time.Hour)
		require.Equal(t, 200, w.act(clerk, &first, "dispatch", map[string]any{"organization": centreA}).status)
		require.Equal(t, 200, w.act(clerk, &first, "accept", nil).status)
		require.Equal(t, 200, w.act(clerk, &first, "note", map[string]any{"note_text": "x"}).status)
		w.clock.advance(time.Hour)
		// The county opens two cases out of it, which are another township's.
		out := w.register(chief, titled("张三丰的路灯"), tied("derived_from", first.ID))
		secret := w.register(chief, tied("derived_from", first.ID), func(b map[string]any) { b["flags"] = []any{"confidential"} })
		w.clock.advance(time.Hour)
		require.Equal(t, 200, w.act(chief, &out, "dispatch", map[string]any{"organization": centreB}).status)
		require.Equal(t, 200, w.act("clerk@"+centreB, &out, "accept", nil).status)
		require.Equal(t, 200, w.act("clerk@"+centreB, &out, "reply", map[string]any{"reply": "张三丰的灯已修好", "result": "resolved"}).status)
		w.clock.advance(time.Hour)
		again := w.register("clerk@"+centre, func(b map[string]any) { b["place"] = county })
		require.Equal(t, 200, w.act(chief, &again, "link_repeat", map[string]any{"first_case": first.ID}).status)

		all := w.chain(chief, out.ID)
		require.Equal(t, first.ID, all.Matter)
		require.Zero(t, all.Hidden)
		require.Len(t, all.Legs, 4)
		require.Equal(t, []string{first.ID, out.ID, secret.ID, again.ID}, []string{all.Legs[0].ID, all.Legs[1].ID, all.Legs[2].ID, all.Legs[3].ID})
		require.Equal(t, 1, all.Legs[1].DerivedFrom)
		require.Equal(t, 1, all.Legs[3].Repeats)
		require.Equal(t, "张三丰的路灯", all.Legs[1].Title)
		require.Equal(t, "已答复待回访", all.Legs[1].StateTitle)
		require.NotEmpty(t, all.Legs[1].OutcomeTitle)
		require.NotEqual(t, "resolved", all.Legs[1].OutcomeTitle)
		require.Equal(t, "甲镇", all.Legs[0].UnitName)
		require.NotNil(t, all.Legs[0].Due)
		require.NotEmpty(t, all.Legs[0].LimitTitle)
		var kinds []chainKind
		for i, e := range all.Entries {
			kinds = append(kinds, e.Kind)
			require.Equal(t, all.Legs[e.Leg-1].Number, e.Number)
			require.True(t, i == 0 || !e.At.Before(all.Entries[i-1].At))
		}
		require.Equal(t, []chainKind{chainRegistered, chainTakenUp, chainOpened, chainOpened, chainHandedOver, chainTakenUp, chainResult, chainRegistered}, kinds)

		// The first receiver follows what came out of its case, but reads
		// nothing of it, and not what was to be kept confidential.
		mine := w.chain(clerk, first.ID)
		require.Len(t, mine.Legs, 2)
		require.Equal(t, 2, mine.Hidden)
		leg := mine.Legs[1]
		require.Equal(t, out.Number, leg.Number)
		require.Equal(t, "乙镇", leg.UnitName)
		require.Empty(t, leg.ID)
		require.Equal(t, stars, leg.Title)
		require.True(t, leg.Masked)
		a := w.call(clerk, "GET", prefix+"/cases/"+first.ID+"/chain", nil)
		for _, word := range []string{"张三丰", secret.Number, again.Number, out.ID} {
			require.NotContains(t, string(a.body), word)
		}
		w.call(clerk, "GET", prefix+"/cases/"+out.ID, nil).problem(404, "case_not_found")
		w.call(clerk, "GET", prefix+"/cases/"+out.ID+"/chain", nil).problem(404, "case_not_found")
		// Who only got the later leg does not see the first.
		theirs := w.chain("clerk@"+centreB, out.ID)
		require.Len(t, theirs.Legs, 1)
		require.Equal(t, 3, theirs.Hidden)
		var links linksOutput
		w.call("clerk@"+centreB, "GET", prefix+"/cases/"+out.ID+"/links", nil).into(200, &links.Body)
		require.Empty(t, links.Body.Items)
		require.Equal(t, 1, links.Body.Hidden)
		// A leader reads no confidential title.
		a = w.call("leader@"+county, "GET", prefix+"/cases/"+first.ID+"/chain", nil)
		require.Equal(t, 200, a.status)
		require.Contains(t, string(a.body), `"title":"***"`)
	})
}

// The story of a case that was moved to another version tells what was done
// before in the words of then, as its history does.
func TestChainSpeaksInTheVersionOfThen(t *testing.T) {
	w := newRealWorld(t) // the fields of its entries have been through the database
	clerk := "clerk@" + centreA
	c := w.register(clerk)
	standard, err := workflow.StandardLibrary()
	require.NoError(t, err)
	_, text, problems := standard.Read("appeal-2.yaml", []byte("like: appeal\nname: appeal\nversion: 2\nregister: {title: {zh: 收件, en: Take in}}\n"))
	require.Empty(t, problems)
	rules := *w.engine.Rules()
	rules.Library, err = standard.With([]domain.ProcedureText{text})
	require.NoError(t, err)
	w.engine.SetRules(&rules)
	admin := domain.Actor{ID: "admin", Name: "管理员", Role: domain.RoleAdmin}
	require.Equal(t, []error{nil}, w.engine.Migrate(t.Context(), []string{c.ID}, 1, workflow.Migration{To: 2, Reason: "新版"}, admin))
	var h historyOutput
	w.call(clerk, "GET", prefix+"/cases/"+c.ID+"/history", nil).into(200, &h.Body)
	require.Equal(t, "登记", h.Body.Items[0].ActionTitle)
	require.Equal(t, "登记", w.chain(clerk, c.ID).Entries[0].ActionTitle)
}

// A unit does not learn that its own case hangs together with a complaint of it:
// not in the story, not in the ties, not by what is counted.
func TestTiesKeepAComplaintFromWhomItIsAgainst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk, chief := "clerk@"+centreA, "supervisor@"+county
		first, theirs := w.register(clerk), w.register("clerk@"+centreB)
		w.register(chief, tied("derived_from", first.ID), against(centreA))
		w.register(chief, tied("derived_from", first.ID), against(townA))
		w.register(chief, tied("repeats", first.ID), against(centreA))
		many := w.register(chief, func(b map[string]any) { b["persons"] = 20 })
		require.Equal(t, 200, w.act(chief, &many, "merge", map[string]any{"master": first.ID}).status)
		accused := map[string]any{"parties": []any{map[string]any{"name": "张三丰"}, map[string]any{"role": "respondent", "name": "甲镇", "org_code": townA}}}
		require.Equal(t, 200, w.call(chief, "PATCH", prefix+"/cases/"+many.ID, accused, "If-Match", etag(many.Version)).status)
		require.Equal(t, 200, w.act(chief, &theirs, "link_repeat", map[string]any{"first_case": first.ID}).status)
		hidden := func(who string) int {
			var links linksOutput
			w.call(who, "GET", prefix+"/cases/"+first.ID+"/links", nil).into(200, &links.Body)
			return links.Body.Hidden
		}
		v := w.chain(clerk, first.ID)
		require.Len(t, v.Legs, 1)
		require.Equal(t, 1, v.Hidden, "what is only another's is counted")
		require.Equal(t, 1, hidden(clerk))
		seen := w.read(clerk, first.ID)
		require.Equal(t, [2]int{1, 2}, [2]int{seen.Petitioners, seen.Visits})

		require.Len(t, w.chain(chief, first.ID).Legs, 5)
		require.Zero(t, hidden(chief))
		seen = w.read(chief, first.ID)
		require.Equal(t, [2]int{21, 4}, [2]int{seen.Petitioners, seen.Visits})
	})
}

package workflow

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sudi/domain"
)

// A merge undone leaves no trace but in the history: whatever the case was, and
// however long it lay merged.
func TestUnmergeIsTheExactInverse(t *testing.T) {
	rules := theRules(t)
	for _, name := range []string{"appeal", "petition"} {
		rapid.Check(t, func(t *rapid.T) {
			dice := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "dice") }
			w := walk(t, rules, name, dice, 12, func(action string) bool { return action == "note" })
			if w == nil {
				return
			}
			p, s, err := rules.stand(&w.file.Case)
			require.NoError(t, err)
			if p.find(s, "merge") == nil {
				return
			}
			was := w.file
			supervisor := staffOf(domain.RoleSupervisor, countyOrg)
			merged, err := rules.Step(was, Action{Name: "merge", Actor: supervisor, Now: w.now, Cases: theOtherCase,
				Fields: domain.Fields{"master": otherCase}})
			if err != nil { // the county itself may be complained of
				w.allowed(err)
				return
			}
			w.check(merged, p.find(s, "merge"))
			require.Equal(t, domain.Merged, w.file.Case.Disposition)
			require.Len(t, merged.Links, 1)
			for range dice(3) {
				w.wait() // no limit passes while the case lies merged
				require.Equal(t, merged.After.Version, w.file.Case.Version)
			}
			undo, err := rules.Step(w.file, Action{Name: "unmerge", Actor: supervisor, Now: w.now, Fields: domain.Fields{"reason": "并错了"}})
			require.NoError(t, err)
			w.check(undo, p.find(p.State("merged"), "unmerge"))
			require.Equal(t, merged.Links[0].To, undo.Unlinks[0].To)
			now := w.file
			now.Case.Version, now.Case.UpdatedAt = was.Case.Version, was.Case.UpdatedAt
			require.Equal(t, storedCase(was.Case), storedCase(now.Case))
			require.Equal(t, sortedClocks(was.Deadlines), sortedClocks(now.Deadlines))
			require.Equal(t, domain.Facts(&was.Case), domain.Facts(&now.Case))
			w.finish()
		})
	}
}

// A repeat is of the first case's matter until the link is undone.
func TestRepeatsShareTheMatter(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Place: villageOrg, ReceivedAt: at(t, "2022-06-06")}, theBureau, "2022-06-06")
	clerk := staffOf(domain.RoleSupervisor, countyOrg)
	link := Action{Name: "link_repeat", Actor: clerk, Now: at(t, "2022-06-07"), Fields: domain.Fields{"first_case": otherCase}}
	_, err := p.rules.Step(p.file, link)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err), "nobody knows the first case")
	link.Cases = theOtherCase
	change, err := p.rules.Step(p.file, link)
	require.NoError(t, err)
	require.Equal(t, otherCase, change.After.Matter)
	require.True(t, change.After.Has(domain.FlagRepeat))
	require.Equal(t, []domain.Link{{From: change.After.ID, To: otherCase, Kind: domain.LinkRepeats, CreatedAt: link.Now.UTC()}}, change.Links)
	p.take(change)
	change, err = p.rules.Step(p.file, Action{Name: "unlink_repeat", Actor: clerk, Now: at(t, "2022-06-08"), Fields: domain.Fields{"unlink_reason": "不是一件事"}})
	require.NoError(t, err)
	require.Equal(t, change.After.ID, change.After.Matter)
	require.Nil(t, change.After.Repeats)
	require.False(t, change.After.Has(domain.FlagRepeat))
	require.Len(t, change.Unlinks, 1)
}

const openerYAML = `
name: opener
version: 1
title: {zh: 甲, en: A}
number: AA
basis: [甲法]
fields:
  number: {type: text, title: {zh: 案号, en: Number}}
register: {do: register, title: {zh: 登记, en: Register}, by: [clerk], to: open}
states:
  - name: open
    title: {zh: 在办, en: Open}
    turn: desk
    disposition: pending
    on:
      - do: refer
        title: {zh: 移送, en: Refer}
        by: [clerk]
        to: referred
        needs: [number]
        counts: {referred: []}
        opens: [{procedure: opened, class: referral, channel: police, fields: {source: number}}]
  - name: referred
    title: {zh: 已移送, en: Referred}
    turn: owner
    disposition: pending
    on:
      - {do: hear_success, title: {zh: 成, en: It worked}, by: [router], if: [derived concluded], to: done, marks: {accepted: now, concluded: now}}
      - {do: hear_return, title: {zh: 退, en: It came back}, by: [router], if: [derived not_accepted], to: open}
      - {do: take_back, title: {zh: 收回, en: Take back}, by: [clerk], to: open}
  - {name: done, title: {zh: 完, en: Done}, disposition: concluded, final: true}
`

const openedYAML = `
name: opened
version: 1
title: {zh: 乙, en: B}
number: BB
basis: [乙法]
classes: {referral: {zh: 移送, en: Referral}}
fields:
  source: {type: text, title: {zh: 来源, en: Source}}
register: {do: register, title: {zh: 登记, en: Register}, by: [clerk], to: open, needs: [source]}
states:
  - name: open
    title: {zh: 在办, en: Open}
    turn: desk
    disposition: pending
    on:
      - {do: finish, title: {zh: 办, en: Finish}, by: [clerk], to: done, marks: {accepted: now, concluded: now}}
  - {name: done, title: {zh: 完, en: Done}, disposition: concluded, final: true}
`

// A case opens another in the same change and hears what becomes of it.
func TestOpening(t *testing.T) {
	lib, err := LoadLibrary(fstest.MapFS{"opener.yaml": {Data: []byte(openerYAML)}, "opened.yaml": {Data: []byte(openedYAML)}})
	require.NoError(t, err)
	require.Equal(t, []domain.RoutePoint{{Procedure: "opener", Version: 1, State: "referred"}}, lib.WatchPoints())
	require.Equal(t, []string{"finish", "register"}, lib.Announced()["opened"])
	rules := *theRules(t)
	rules.Library = lib
	clerk := staffOf(domain.RoleClerk, dizhenOrg)
	p := begin(t, &rules, Intake{Procedure: "opener", Title: "打架", Statement: "事由", Place: villageOrg, Persons: 2, Parties: theParties}, clerk, "2022-06-06")
	refer := Action{Name: "refer", Actor: clerk, Now: at(t, "2022-06-07"), Fields: domain.Fields{"number": "受案〔2022〕3号"}}
	change, err := rules.Step(p.file, refer)
	require.NoError(t, err)
	require.Equal(t, 1, change.After.Counts["referred"])
	require.Len(t, change.Opens, 1)
	child := change.Opens[0].After
	require.Equal(t, p.file.Case.ID, *child.DerivedFrom)
	require.Equal(t, p.file.Case.Matter, child.Matter)
	require.Equal(t, uuid.Version(7), uuid.MustParse(child.ID).Version())
	require.Equal(t, []any{"opened", "referral", domain.ChannelPolice, "打架", "事由", 2, dizhenOrg},
		[]any{child.Procedure, child.Class, child.Channel, child.Title, child.Statement, child.Persons, child.Owner})
	require.Equal(t, "受案〔2022〕3号", change.Opens[0].Entries[0].Fields["source"])
	require.Len(t, change.Opens[0].Parties, len(theParties))
	require.Equal(t, domain.LinkDerivedFrom, change.Opens[0].Links[0].Kind)
	again, err := rules.Step(p.file, refer)
	require.NoError(t, err)
	require.Equal(t, child.ID, again.Opens[0].After.ID, "a decision taken twice opens one case")

	p.take(change)
	router := Router{Engine: NewEngine(nil, &rules, func() time.Time { return at(t, "2022-06-09") }, uuid.NewString)}
	_, err = router.heed(p.file)
	require.Equal(t, domain.KindConflict, domain.KindOf(err), "nothing has become of it yet")
	for disposition, to := range map[domain.Disposition]string{domain.Concluded: "done", domain.NotAccepted: "open"} {
		f := p.file
		f.Derived = []domain.Case{{Procedure: "opened", Disposition: disposition}}
		heard, err := router.heed(f)
		require.NoError(t, err)
		require.Equal(t, to, heard.After.State)

		// What somebody registered as coming out of it is not what it waits for.
		f.Derived = append(f.Derived, domain.Case{Procedure: "opener", Disposition: domain.Pending})
		heard, err = router.heed(f)
		require.NoError(t, err)
		require.Equal(t, to, heard.After.State)
		f.Derived = []domain.Case{{Procedure: "opened", Disposition: domain.Pending}, {Procedure: "opener", Disposition: disposition}}
		_, err = router.heed(f)
		require.Equal(t, domain.KindConflict, domain.KindOf(err))
	}
}

// Two cases cannot be merged into each other, so that both were counted nowhere.
func TestMergedCaseIsNobodysMaster(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help"}, theBureau, "2022-06-06")
	merge := Action{Name: "merge", Actor: theCounty, Now: at(t, "2022-06-07"), Fields: domain.Fields{"master": otherCase}, Cases: map[string]domain.Case{
		otherCase: {ID: otherCase, Matter: otherCase, MergedInto: new(testCase)},
	}}
	_, err := p.rules.Step(p.file, merge)
	require.Equal(t, domain.KindInvalid, domain.KindOf(err))
	require.ErrorContains(t, err, "master_merged")
}

// A complaint is not merged into a case that lies with whom it is against.
func TestComplaintIsNotMergedIntoTheCaseOfWhomItIsAgainst(t *testing.T) {
	against := append(slices.Clone(theParties), domain.Party{Role: domain.PartyRespondent, Organization: true, Name: "镇政府", OrgCode: dizhenOrg})
	p := begin(t, theRules(t), Intake{Procedure: "appeal", Class: "help", Parties: against}, theBureau, "2022-06-06")
	for _, c := range []struct {
		desk, owner, wrong string
	}{{dizhenOrg, bureauOrg, "complained_of"}, {bureauOrg, dizhenOrg, "complained_of"}, {bureauOrg, housingOrg, ""}} {
		_, err := p.rules.Step(p.file, Action{Name: "merge", Actor: theCounty, Now: at(t, "2022-06-07"), Fields: domain.Fields{"master": otherCase},
			Cases: map[string]domain.Case{otherCase: {ID: otherCase, Matter: otherCase, Desk: c.desk, Owner: c.owner}}})
		if c.wrong == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.wrong)
		}
	}
}

// What ends while a case lies merged has ended, and is held no more.
func TestEndedClockIsNotHeld(t *testing.T) {
	p := begin(t, theRules(t), Intake{Procedure: "petition", Class: "demand"}, theBureau, "2022-06-06")
	p.do("2022-06-07", "supervise", theBureau, domain.Fields{"supervision_ground": "overdue", "reason": "催办"}, "registered")
	merge := Action{Name: "merge", Actor: theBureau, Now: at(t, "2022-06-08"), Fields: domain.Fields{"master": otherCase}, Cases: theOtherCase}
	change, err := p.rules.Step(p.file, merge)
	require.NoError(t, err)
	p.take(change)
	p.do("2022-06-09", "answer_supervision", staffOf(domain.RoleClerk, bureauOrg), domain.Fields{"record": "已并案"}, "merged")
	p.do("2022-06-10", "unmerge", theBureau, domain.Fields{"reason": "并错了"}, "registered")
	p.ended("supervision", true)
	require.Nil(t, currentClock(&p.file, "supervision").HeldAt)
	require.Nil(t, currentClock(&p.file, "dispose").HeldAt)
}

// The router hears of a case that comes back to where it has work to do.
func TestUnmergeIsAnnounced(t *testing.T) {
	lib, err := StandardLibrary()
	require.NoError(t, err)
	require.Contains(t, lib.Announced()["appeal"], "unmerged")
}

package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/store/seal"
)

func withPerson(phone, number string) func(*domain.Change) {
	return func(c *domain.Change) { c.Parties[0].Phone, c.Parties[0].IdentityNumber = phone, number }
}

func titled(title, statement string) func(*domain.Change) {
	return func(c *domain.Change) { c.After.Title, c.After.Statement = title, statement }
}

// at has another organisation register the case and answer for it.
func at(org string) func(*domain.Change) {
	return func(c *domain.Change) {
		a := &c.After
		a.RegisteredBy, a.Owner, a.Desk, a.Unit, a.Place, a.Township = org, org, org, org, "", ""
	}
}

// likely gives the titles of what is found, with scores and reasons.
func likely(t *testing.T, s *Store, q domain.SimilarQuery) []domain.Likeness {
	t.Helper()
	if q.Scope == (domain.Scope{}) {
		q.Scope = domain.AllCases
	}
	found, err := s.Similar(t.Context(), q)
	require.NoError(t, err)
	return found
}

func TestPeopleAreFoundByKeyedNumbers(t *testing.T) {
	s := open(t)
	mine := register(t, s, withPerson("13912345678", "370404900101123"), titled("停水三天", ""))
	register(t, s, withPerson("13912345679", ""), titled("甲乙丙丁", ""))
	for _, phone := range []string{"13912345678", "１３９ １２３４－５６７８", "+86 139-1234-5678", "(86)13912345678"} {
		found := likely(t, s, domain.SimilarQuery{Phone: phone})
		require.Len(t, found, 1, phone)
		require.Equal(t, mine.Case.ID, found[0].ID)
		require.Equal(t, 50, found[0].Score)
		require.Equal(t, []domain.Reason{domain.ReasonPhone}, found[0].Reasons)
		require.NotNil(t, found[0].Due)
	}
	long := "37040419900101123" + string(domain.IdentityCheckDigit("37040419900101123"))
	for _, number := range []string{"370404900101123", " " + strings.ToLower(long)} {
		found := likely(t, s, domain.SimilarQuery{IdentityNumber: number, Place: village, Category: "0102"})
		require.Len(t, found, 1, number)
		require.Equal(t, 75, found[0].Score)
		require.Equal(t, []domain.Reason{domain.ReasonIdentity, domain.ReasonPlace, domain.ReasonCategory}, found[0].Reasons)
	}
	for _, nobody := range []string{"1391234567", "139123456780", "' OR 1=1 --", "%", "٣٩١", strings.Repeat("1", 10_000)} {
		require.Empty(t, likely(t, s, domain.SimilarQuery{Phone: nobody, IdentityNumber: nobody}), nobody)
	}
	// The lists find people in the same way.
	for _, text := range []string{"13912345678", "+86 139 1234 5678", long, "370404900101123"} {
		page, err := s.List(t.Context(), domain.CaseQuery{Scope: domain.AllCases, Text: text, Persons: true})
		require.NoError(t, err)
		require.Len(t, page.Items, 1, text)
	}
}

func TestSimilarTexts(t *testing.T) {
	s := open(t)
	lamp := register(t, s, titled("反映村口路灯不亮", "已经坏了三个月,晚上出行不便。"))
	register(t, s, titled("咨询医保报销比例", "异地就医怎样报销。"))
	register(t, s, titled("反映噪音扰民", "工地夜间施工。"))
	found := likely(t, s, domain.SimilarQuery{Text: "村口路灯不亮", Place: village})
	require.Len(t, found, 1)
	require.Equal(t, lamp.Case.ID, found[0].ID)
	require.Equal(t, []domain.Reason{domain.ReasonText, domain.ReasonPlace}, found[0].Reasons)
	require.Equal(t, 46, found[0].Score) // 5 of 7 pairs, and the village
	require.Len(t, likely(t, s, domain.SimilarQuery{Text: "路灯不亮 已经坏了三个月，晚上出行不便"}), 1)
	for _, text := range []string{"反映", "灯", "", "%", "_%'\"\\", "\u202e路\u200d灯", strings.Repeat("中文", 5000), "😀😀😀", "e\u0301e\u0301", "ﬁﬁﬁ", "A\u0000B"} {
		_, err := s.Similar(t.Context(), domain.SimilarQuery{Scope: domain.AllCases, Text: strings.ReplaceAll(text, "\x00", "")})
		require.NoError(t, err, text)
	}
	// Much that is alike: the ten likeliest, the best first.
	for i := range 15 {
		register(t, s, titled(fmt.Sprintf("村口路灯不亮第%d次", i), ""), withPerson(fmt.Sprintf("1380000%04d", i), ""))
	}
	found = likely(t, s, domain.SimilarQuery{Text: "村口路灯不亮第3次", Phone: "13800000003"})
	require.Len(t, found, domain.MostAlike)
	require.Equal(t, 100, found[0].Score)
	require.Equal(t, "村口路灯不亮第3次", found[0].Title)
}

func TestSimilarKeepsToTheScope(t *testing.T) {
	s := open(t)
	theirs := register(t, s, at(townshipB), withPerson("13912345678", "X1234567"), titled("村口路灯不亮", ""))
	against := register(t, s, withPerson("13912345678", ""), titled("村口路灯不亮", ""), func(c *domain.Change) {
		c.Parties = append(c.Parties, domain.Party{CaseID: c.After.ID, Seq: 2, Role: domain.PartyRespondent, Organization: true, OrgCode: townshipA, Name: "甲镇"})
	})
	ask := func(org string) (ids []string) {
		for _, l := range likely(t, s, domain.SimilarQuery{
			Scope: domain.Scope{Org: org}, Text: "村口路灯不亮", Phone: "13912345678", IdentityNumber: "x1234567",
		}) {
			ids = append(ids, l.ID)
		}
		return ids
	}
	require.Equal(t, []string{theirs.Case.ID}, ask(townshipB))
	require.Empty(t, ask(townshipA), "neither another's case nor one against itself")
	require.Empty(t, ask(village))
	require.Empty(t, ask("nobody"))
	require.ElementsMatch(t, []string{theirs.Case.ID, against.Case.ID}, ask(county))
}

// The indexes serve: nobody walks the county for a window's question.
func TestSimilarUsesItsIndexes(t *testing.T) {
	s := open(t)
	register(t, s)
	_, err := s.pool.Exec(t.Context(), "INSERT INTO cases ("+caseTable.names("")+") SELECT "+caseTable.names("r.")+`
		FROM cases c, (SELECT i, gen_random_uuid() AS id FROM generate_series(1, 5000) i) n, jsonb_populate_record(c, jsonb_build_object(
			'id', n.id, 'matter', n.id, 'number', 'N' || n.i, 'title', md5(n.i::text), 'statement', '反映' || md5(n.i::text))) r`)
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), `INSERT INTO case_keys SELECT id, '' FROM cases ON CONFLICT DO NOTHING`)
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), `INSERT INTO parties (case_id, seq, role, name, phone_key, identity_key)
		SELECT id, 9, 'applicant', sha256('')::bytea, sha256(id::text::bytea), sha256(number::bytea) FROM cases`)
	require.NoError(t, err)
	_, err = superuser(t, s).Exec(t.Context(), "ANALYZE")
	require.NoError(t, err)

	w, err := s.worded(t.Context(), []string{"反映", "路灯", "灯不"})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"路灯", "灯不"}, w.args[0], "what is common is left out")
	query, args := similarSQL(w, "c.received_at DESC", mostWorded, nil, nil)
	require.Contains(t, explain(t, s, query, args), "cases_by_head")

	w = &where{}
	w.add("c.id = ANY(ARRAY(SELECT p.case_id FROM parties p WHERE p.phone_key = %s UNION SELECT p.case_id FROM parties p WHERE p.identity_key = %s))",
		s.ring.Index(seal.Phone, "13912345678"), s.ring.Index(seal.Identity, "370404199001011234"))
	query, args = similarSQL(w, "c.received_at DESC", mostNamesakes, nil, nil)
	plan := explain(t, s, query, args)
	require.Contains(t, plan, "parties_by_phone_key")
	require.Contains(t, plan, "parties_by_identity_key")
	require.NotContains(t, plan, "Seq Scan on cases")
}

func explain(t *testing.T, s *Store, query string, args []any) string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "EXPLAIN "+query, args...)
	require.NoError(t, err)
	var plan strings.Builder
	var line string
	for rows.Next() {
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}

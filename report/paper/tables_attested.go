package paper

import "strconv"

func (s *speaker) attestedTable() Table {
	t := Table{Columns: []Column{
		s.column("number", Center, 11), s.column("section", Center, 20), s.column("item", Left, 60),
		s.column("value", Right, 28), s.column("department", Left, 46), s.column("note", Center, 10),
	}}
	for i := range s.annual.Attested {
		st := &s.annual.Attested[i]
		t.Rows = append(t.Rows, []string{
			strconv.Itoa(i + 1), s.labels.Sections[st.Item.Section], st.Item.Name.In(s.lang), s.value(st), st.DepartmentName, noteMark(s.note(st)),
		})
		t.Anchors = append(t.Anchors, "fig-"+st.Item.Code)
	}
	return t
}

func (s *speaker) missingTable() Table {
	t := Table{Columns: []Column{
		s.column("number", Center, 11), s.column("section", Center, 20), s.column("item", Left, 80), s.column("owed_by", Left, 50),
	}}
	for i := range s.annual.Missing {
		m := &s.annual.Missing[i]
		t.Rows = append(t.Rows, []string{
			strconv.Itoa(i + 1), s.labels.Sections[m.Item.Section], m.Item.Name.In(s.lang), orDash(m.DepartmentName),
		})
		t.Anchors = append(t.Anchors, "fig-"+m.Item.Code)
	}
	return t
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

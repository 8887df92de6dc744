package domain

import (
	"strings"
	"testing"
)

func TestPhoneForm(t *testing.T) {
	for in, want := range map[string]string{
		"13912345678": "13912345678", "+86 139-1234-5678": "13912345678", "008613912345678": "13912345678", "8613912345678": "13912345678",
		"１３９　１２３４　５６７８": "13912345678", "(0632) 7654321": "06327654321", "0632—7654321": "06327654321", "8612345": "8612345", "12345": "12345",
		"1234": "", "": "", "张三": "", "139123x5678": "", strings.Repeat("1", 21): "",
	} {
		if got := PhoneForm(in); got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
}

func TestIdentityForm(t *testing.T) {
	long := "37040419900101123" + string(IdentityCheckDigit("37040419900101123"))
	for in, want := range map[string]string{
		long: long, "370404900101123": long, "３７０４０４ 900101 123": long, "370404901301123": "370404901301123", // no such month
		"11010519491231002x": "11010519491231002X", "h123456(7)": "H123456(7)", "1234": "", "": "", strings.Repeat("1", 41): "",
	} {
		if got := IdentityForm(in); got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	c := &Case{Title: "反映村口路灯不亮", Statement: "坏了三个月", Place: "370404102201", Township: "370404102", Category: "0101"}
	for _, tc := range []struct {
		name            string
		q               SimilarQuery
		phone, identity bool
		score           int
	}{
		{name: "nothing", q: SimilarQuery{Text: "咨询医保"}},
		{name: "place and category alone", q: SimilarQuery{Place: c.Place, Category: c.Category}},
		{name: "the same words", q: SimilarQuery{Text: c.Title}, score: 50},
		{name: "other forms of them", q: SimilarQuery{Text: "反映村口路灯不亮！！"}, score: 50},
		{name: "title and statement", q: SimilarQuery{Text: "反映村口路灯不亮,坏了三个月。"}, score: 50},
		{name: "telephone", phone: true, score: 50},
		{name: "identity number", identity: true, score: 60},
		{name: "both", phone: true, identity: true, score: 100},
		{name: "telephone and village", q: SimilarQuery{Place: "370404102201001"}, phone: true, score: 60},
		{name: "telephone and township", q: SimilarQuery{Place: "370404102999"}, phone: true, score: 55},
		{name: "telephone and another township", q: SimilarQuery{Place: "370404103"}, phone: true, score: 50},
		{name: "telephone and category", q: SimilarQuery{Category: "0101"}, phone: true, score: 55},
	} {
		if score, reasons := tc.q.Judge(c, tc.phone, tc.identity); score != tc.score || (score == 0) != (len(reasons) == 0) {
			t.Errorf("%s: %d %v, want %d", tc.name, score, reasons, tc.score)
		}
	}
}

func TestBigramsStopAtStops(t *testing.T) {
	if got := strings.Join(bigrams("路灯，ＡＢ ab不亮\u200d了"), " "); got != "ab b不 不亮 路灯" {
		t.Error(got)
	}
	if q := (SimilarQuery{Text: strings.Repeat("中文", 5000)}); len(q.Bigrams()) != 2 {
		t.Error(q.Bigrams())
	}
}

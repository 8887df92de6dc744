package api

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func (w *world) similar(who string, query ...string) []similarView {
	w.t.Helper()
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	var out similarOutput
	w.call(who, "GET", prefix+"/similar?"+q.Encode(), nil).into(200, &out.Body)
	return out.Body.Items
}

func titled(title string) func(map[string]any) {
	return func(b map[string]any) { b["title"] = title }
}

func against(org string) func(map[string]any) {
	return func(b map[string]any) {
		b["parties"] = append(b["parties"].([]any), map[string]any{"role": "respondent", "organization": true, "name": "某单位", "org_code": org})
	}
}

func TestLikelyRepeatsAtTheWindow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk := "clerk@" + centreA
		mine := w.register(clerk)
		w.register(clerk, titled("咨询医保报销"), func(b map[string]any) { b["parties"] = []any{} })
		found := w.similar(clerk, "text", "村口的路灯不亮了", "phone", "１３８－１２３４－５６７８", "identity_number", "370404199001011234", "place", village, "category", "0101")
		require.Len(t, found, 1)
		require.Equal(t, mine.ID, found[0].Case.ID)
		require.Equal(t, 100, found[0].Score)
		var codes, words []string
		for _, r := range found[0].Reasons {
			codes, words = append(codes, string(r.Code)), append(words, r.Text)
		}
		require.Equal(t, []string{"same_identity", "same_phone", "similar_text", "same_place", "same_category"}, codes)
		require.Equal(t, []string{"身份证号相同", "电话相同", "内容相近", "同一村居", "分类相同"}, words)
		require.Nil(t, found[0].Case.Statement)
		a := w.call(clerk, "GET", prefix+"/similar?phone=13812345678", nil, "Accept-Language", "en")
		require.Contains(t, string(a.body), "Same telephone")
		require.NotContains(t, string(a.body), "13812345678")
		require.NotContains(t, string(a.body), "张三丰")

		// A corrected number is found in place of the wrong one, here and in lists.
		w.call(clerk, "PATCH", prefix+"/cases/"+mine.ID, map[string]any{"parties": []any{map[string]any{"name": "张三丰", "phone": "13900000001"}}},
			"If-Match", etag(mine.Version)).into(200, &mine)
		require.Empty(t, w.similar(clerk, "phone", "13812345678"))
		require.Len(t, w.similar(clerk, "phone", "+86 139 0000 0001"), 1)

		w.call(clerk, "GET", prefix+"/similar?place="+village, nil).problem(422, "invalid_fields")
		for _, role := range []string{"leader", "auditor", "admin"} {
			w.call(role+"@"+county, "GET", prefix+"/similar?phone=13812345678", nil).problem(403, "role_not_allowed")
		}
	})
}

func TestLikelyRepeatsKeepToWhatOneMaySee(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.register("clerk@" + centreB)
		w.register("clerk@"+centreA, against(centreA))
		w.register("clerk@"+centreA, against(townA))
		require.Empty(t, w.similar("clerk@"+centreA, "text", "村口路灯不亮", "phone", "13812345678"))
		require.Len(t, w.similar("clerk@"+centreB, "text", "村口路灯不亮", "phone", "13812345678"), 1)
		require.Len(t, w.similar("supervisor@"+county, "text", "村口路灯不亮", "phone", "13812345678"), 3)
		require.Len(t, w.similar("supervisor@"+bureau, "phone", "13812345678"), 3, "who watches over the county sees its repeats")
	})
}

// Whatever is typed, somebody gets an answer.
func TestOddQuestionsAboutRepeats(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		clerk := "clerk@" + centreA
		w.register(clerk)
		for _, odd := range []string{
			"%", "_", "%_%", "'", "\"", "\\", "'; DROP TABLE cases; --", "\x00", "\x1b[31m", "a\nb\tc", "\u202e\u200b\u200d", "\ufeff", "\xff\xfe",
			"😀👨‍👩‍👧", "e\u0301", "ǅ", "İ", "ﬃ", "٠١٢", "１", "一", strings.Repeat("路灯", 5000), strings.Repeat("a", 10_001), strings.Repeat("%", 200),
			strings.Repeat("1", 200), "{}", "ARRAY[1]", "NULL", "\U0010ffff", "\u2028", "１３８１２３４５６７８",
		} {
			for _, name := range []string{"text", "phone", "identity_number", "place", "category"} {
				q := url.Values{"text": {"路灯"}}
				q.Set(name, odd)
				a := w.call(clerk, "GET", prefix+"/similar?"+q.Encode(), nil)
				require.Less(t, a.status, 500, "%s=%q %s", name, odd, a.body)
			}
		}
	})
}

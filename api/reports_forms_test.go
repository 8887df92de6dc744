package api

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheAnnualReportAsDocuments(t *testing.T) {
	w := newRealWorld(t)
	begins := map[string]string{"docx": "PK", "xlsx": "PK", "html": "<!doctype html>", "json": `{"year":2020`}
	types := map[string]string{
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"html": "text/html; charset=utf-8", "json": "application/json",
	}
	for form, begin := range begins {
		for _, path := range []string{"/reports/annual/2020/document/" + form, "/reports/annual/2020." + form} {
			for _, who := range []string{"leader@" + county, "supervisor@" + county, "auditor@" + county} {
				a := w.call(who, "GET", prefix+path, nil)
				require.Equal(t, 200, a.status, string(a.body))
				require.Equal(t, types[form], a.header.Get("Content-Type"))
				require.True(t, bytes.HasPrefix(a.body, []byte(begin)), path)
				_, params, err := mime.ParseMediaType(a.header.Get("Content-Disposition"))
				require.NoError(t, err)
				require.Equal(t, "区2020年度法治政府建设情况报告."+form, params["filename"])
				require.Equal(t, w.clock.now().Format(http.TimeFormat), a.header.Get("Last-Modified"))
			}
		}
	}
}

func TestTheAnnualReportInTheReadersLanguage(t *testing.T) {
	w := newRealWorld(t)
	who, path := "leader@"+county, prefix+"/reports/annual/2020.html"
	require.Contains(t, string(w.call(who, "GET", path, nil, "Accept-Language", "en").body), "Rule of Law")
	require.Contains(t, string(w.call(who, "GET", path+"?lang=zh", nil, "Accept-Language", "en").body), "法治政府建设情况报告")
}

// The page may have its own style and load nothing.
func TestTheAnnualReportsPageLoadsNothing(t *testing.T) {
	w := newRealWorld(t)
	a := w.call("leader@"+county, "GET", prefix+"/reports/annual/2020.html", nil)
	policy := a.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'; style-src 'sha256-")
	require.Len(t, a.header.Values("Content-Security-Policy"), 1)
	body := string(a.body)
	for _, word := range []string{"<script", " src=", "url(", "@import", "style=\""} {
		require.NotContains(t, body, word)
	}
	require.Equal(t, 1, strings.Count(body, "<style>"))
}

func TestTheAnnualReportIsForThoseWhoSeeTheCounty(t *testing.T) {
	w := newRealWorld(t)
	for _, who := range []string{"clerk@" + centreA, "supervisor@" + townA, "leader@" + townB} {
		for _, path := range []string{"/reports/annual/2020/document/docx", "/reports/annual/2020.docx"} {
			w.call(who, "GET", prefix+path, nil).problem(403, "figures_not_yours")
		}
	}
	w.call("", "GET", prefix+"/reports/annual/2020.docx", nil).problem(401, "sign_in_first")
	for _, path := range []string{"/reports/annual/2020/document/pdf", "/reports/annual/1900.docx", "/reports/annual/2020.docx?lang=fr"} {
		require.Equal(t, 422, w.call("leader@"+county, "GET", prefix+path, nil).status, path)
	}
	require.Equal(t, 422, w.call("leader@"+county, "GET", prefix+"/reports/annual/2020.pdf", nil).status)
}

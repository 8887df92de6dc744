package api

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

// codeShapes find the message keys in a package's source.
var codeShapes = []*regexp.Regexp{
	regexp.MustCompile(`Errorf\(\s*(?:domain\.)?Kind\w+,\s*"([a-z0-9_]+)"`),
	regexp.MustCompile(`Kind:\s*(?:domain\.)?Kind\w+,\s*Code:\s*"([a-z0-9_]+)"`),
	regexp.MustCompile(`FieldError\{[^}]*Code:\s*"([a-z0-9_]+)"`),
	regexp.MustCompile(`\.that\(.*"([a-z0-9_]+)"\)`),
	regexp.MustCompile(`(?:return nil|return "", |return out|return 0|, ok|return value|return false),?\s*"([a-z]+_[a-z0-9_]+)"`),
	regexp.MustCompile(`protocolError\{[^}]*"([a-z0-9_]+)"`),
	regexp.MustCompile(`bodyError\{[^}]*code:\s*"([a-z0-9_]+)"`),
	regexp.MustCompile(`refuse\("\w+", "([a-z0-9_]+)"\)`),
	regexp.MustCompile(`[cC]ode = "([a-z0-9_]+)"`),
	regexp.MustCompile(`wrongField\([^"\n]*"([a-z0-9_]+)"`),
	regexp.MustCompile(`FieldError\{[^{}]*"([a-z]+_[a-z0-9_]+)"`),
}

func TestEveryCodeHasAMessage(t *testing.T) {
	found := map[string]string{}
	for _, folder := range []string{"domain", "workflow", "store", "store/seal", "report", "api"} {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, shape := range codeShapes {
				for _, m := range shape.FindAllStringSubmatch(string(raw), -1) {
					found[m[1]] = file
				}
			}
		}
	}
	require.Greater(t, len(found), 60)
	for _, m := range humaMessages {
		found[m.code] = "validation.go"
	}
	var missing []string
	for code, file := range found {
		if _, ok := messages[code]; !ok && code != "guard_" { // workflow has those
			missing = append(missing, code+" of "+file)
		}
	}
	require.Empty(t, missing, "codes that say nothing to users")
}

func TestEveryMessageIsInBothLanguages(t *testing.T) {
	han := regexp.MustCompile(`\p{Han}`)
	check := func(key string, m domain.Text) {
		require.Regexp(t, han, m.ZH, key)
		require.NotEmpty(t, m.EN, key)
		require.NotRegexp(t, han, m.EN, key)
		holes := regexp.MustCompile(`\{\d\}`)
		require.ElementsMatch(t, holes.FindAllString(m.ZH, -1), holes.FindAllString(m.EN, -1), key)
	}
	for code, m := range messages {
		check(code, m)
	}
	for _, r := range domain.Reasons {
		check(string(r), reasonTitles[r])
	}
	for _, r := range partyRoles {
		check(string(r), workflow.PartyRoleTitles[r])
	}
	for code, m := range ownActions {
		check(code, m)
	}
	for status, m := range statusTitles {
		check(statusCode(status), m)
		check(statusCode(status), messages[statusCode(status)])
	}
	for _, status := range statuses {
		require.Contains(t, statusTitles, status)
	}
}

func TestSayNeverShowsWhatItDoesNotKnow(t *testing.T) {
	q := newRequest("en")
	p := q.problem(domain.Errorf(domain.KindInvalid, "cases_title_given"))
	require.Equal(t, messages["invalid_fields"].EN, p.Detail)
	require.Equal(t, messages["bad_value"].EN, say("en", "parties_role_known", "bad_value"))
}

// A message of huma's that we do not know would reach users as "not right".
func TestHumaSaysNothingNew(t *testing.T) {
	for _, message := range []string{
		validation.MsgUnexpectedProperty, validation.MsgExpectedRFC3339DateTime, validation.MsgExpectedBoolean,
		validation.MsgExpectedNumber, validation.MsgExpectedInteger, validation.MsgExpectedString, validation.MsgExpectedArray,
		validation.MsgExpectedObject, validation.MsgExpectedOneOf, validation.MsgExpectedMinimumNumber,
		validation.MsgExpectedMaximumNumber, validation.MsgExpectedMinLength, validation.MsgExpectedMaxLength,
		validation.MsgExpectedMinItems, validation.MsgExpectedMaxItems, validation.MsgExpectedRequiredProperty,
	} {
		known := false
		for _, m := range humaMessages {
			known = known || strings.HasPrefix(message, m.begins)
		}
		require.True(t, known, message)
	}
}

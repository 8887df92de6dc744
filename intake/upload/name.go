package upload

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// endings are those of the kinds that are taken.
var endings = map[string]Kind{
	"pdf": PDF, "jpg": JPEG, "jpeg": JPEG, "png": PNG, "docx": DOCX, "xlsx": XLSX, "txt": Text, "csv": CSV, "tsv": CSV,
	"mp3": MP3, "m4a": M4A, "mp4": MP4, "wav": WAV,
}

// active are endings that some program runs, opens or unpacks, and that have no
// business before another ending.
var active = strings.Fields(`
	exe com scr pif bat cmd ps1 psm1 msi msp dll sys cpl jar js jse mjs vbs vbe wsf wsh hta lnk url reg inf apk app sh py pl rb
	html htm xhtml mht mhtml svg svgz xml xsl xslt swf php php3 php5 phtml asp aspx jsp jspx cgi
	doc dot docm dotm dotx xls xlt xlsm xltm xltx xlam xlsb xll ppt pps pptx pptm ppsm ppam rtf iqy slk chm one
	zip rar 7z gz tgz tar bz2 xz zst iso img vhd cab arj ace eml msg`)

// longest is how many bytes a name may have; file systems take 255.
const longest = 255

// kindOfName gives the kind that a name promises.
func kindOfName(name string) (Kind, error) {
	if !decent(name) {
		return "", refuse(CodeName)
	}
	parts := strings.Split(strings.ToLower(name), ".")
	kind, known := endings[parts[len(parts)-1]]
	if !known || len(parts) < 2 {
		return "", refuse(CodeType)
	}
	for _, inner := range parts[1 : len(parts)-1] {
		inner = strings.TrimSpace(inner)
		other, taken := endings[inner]
		if slices.Contains(active, inner) || taken && other != kind {
			return "", refuse(CodeDoubleName)
		}
	}
	return kind, nil
}

// decent reports whether a name can stand in a list and on any disk as it is.
func decent(name string) bool {
	if name == "" || len(name) > longest || !utf8.ValidString(name) || name != strings.TrimSpace(name) || strings.Trim(name, ".") != name {
		return false
	}
	for _, r := range name {
		// Cf holds what turns the direction of writing and what has no width.
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || strings.ContainsRune(`/\:*?"<>|`, r) || r == utf8.RuneError {
			return false
		}
	}
	first, _, _ := strings.Cut(strings.ToUpper(name), ".")
	return !reserved(strings.TrimSpace(first))
}

// reserved are the names of devices on Windows.
func reserved(base string) bool {
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"}, base) {
		return true
	}
	rest, numbered := strings.CutPrefix(base, "COM")
	if !numbered {
		rest, numbered = strings.CutPrefix(base, "LPT")
	}
	return numbered && utf8.RuneCountInString(rest) == 1 && strings.ContainsAny(rest, "0123456789¹²³")
}

// decentPart reports whether the name of a part stays within its package.
func decentPart(name string) bool {
	clean := strings.TrimSuffix(name, "/")
	if clean == "" || len(name) > longest || !utf8.ValidString(name) || path.IsAbs(name) || path.Clean(clean) != clean || clean == ".." || strings.HasPrefix(clean, "../") {
		return false
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) || strings.ContainsRune(`\:*?"<>|`, r) {
			return false
		}
	}
	return true
}

package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sudi/domain"
)

// etag names a version of a case.
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// matching reads If-Match (RFC 9110): the version to change, 0 for "*". A
// caller who names none is told to (428); one who read another, too (412).
func matching(header string, current int) (int, error) {
	tags := etags(header)
	switch {
	case len(tags) == 0:
		return 0, &protocolError{status: http.StatusPreconditionRequired, code: "if_match_required"}
	case slices.Contains(tags, "*"):
		return 0, nil
	case slices.Contains(tags, etag(current)): // weak tags never match here
		return current, nil
	default:
		return 0, domain.Errorf(domain.KindStale, "version_stale")
	}
}

// notModified reads If-None-Match, in which weak tags match as well.
func notModified(header string, current int) bool {
	for _, tag := range etags(header) {
		if tag == "*" || strings.TrimPrefix(tag, "W/") == etag(current) {
			return true
		}
	}
	return false
}

// etags splits a list of tags; ours hold no commas.
func etags(header string) []string {
	var tags []string
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

package accessmatrix

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"sudi/domain"
	"sudi/workflow"
)

// placement is a row of the table of placements.
type placement struct {
	name, registers, to, helps, against string
	relations                           map[string]relation // by reader's organisation
}

func parsePlacements(table string) []placement {
	var list []placement
	var heads []string
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		left, right, _ := strings.Cut(line, "|")
		cells, found := strings.Fields(left), strings.Fields(right)
		if i == 0 {
			heads = found
			continue
		}
		if len(cells) != 5 || len(found) != len(heads) {
			panic("placements: " + line)
		}
		p := placement{cells[0], cells[1], cells[2], cells[3], cells[4], map[string]relation{}}
		for n, word := range found {
			p.relations[heads[n]] = relation(strings.ReplaceAll(word, "_", " "))
		}
		list = append(list, p)
	}
	return list
}

// planted is a case of the test county, each of whose texts is its own.
type planted struct {
	placement
	state  string
	id     string
	number string
	n      int
	file   domain.File
}

func (c *planted) String() string { return c.name + "/" + c.state }

// word is what stands in a part of this case and nowhere else.
func (c *planted) word(part string) string {
	switch part {
	case "number":
		return c.number
	case "phone":
		return fmt.Sprintf("1391%03d0000", c.n)
	case "identity":
		return fmt.Sprintf("37040419900%03d0011", c.n)
	default:
		return map[string]string{
			"title": "路灯", "statement": "坏了", "name": "赵", "address": "一组", "note": "回电", "reply": "已换",
		}[part] + c.token(part)
	}
}

// shownTo is how a reader is shown the case, by the tables alone.
func (c *planted) shownTo(r *reader) shown {
	rel := c.relations[r.org]
	for _, row := range relations {
		if row.name != rel {
			continue
		}
		watches := row.watch && r.role == "supervisor" && r.org == "bureau"
		seen := row.seen
		if c.state == sealed {
			seen = row.sealed && has(workers, r.role)
		}
		if !seen && !watches {
			return absent
		}
		for _, v := range views {
			if has(v.roles, r.role) {
				if c.state == confidential && v.as == whole && !row.whole && !watches {
					return masked
				}
				return v.as
			}
		}
	}
	panic("no row for " + string(rel) + " or " + r.role)
}

// listedTo is how a reader is shown the case in the answers of a route that is not
// about this case.
func (c *planted) listedTo(r *reader, route string) shown {
	if c.state == sealed && route != worklist {
		return absent
	}
	return c.shownTo(r)
}

// token is by what a part's word is found in an answer: a run of letters, digits
// and hyphens.
func (c *planted) token(part string) string {
	switch part {
	case "number", "phone", "identity":
		return c.word(part)
	default:
		return fmt.Sprintf("Z%03d%s", c.n, strings.ToUpper(part[:2]))
	}
}

// hidden are the tokens of the case that must not stand where it is shown so.
func (c *planted) hidden(as shown) []string {
	var tokens []string
	for _, p := range parts {
		if as == absent || as == masked && (!p.masked || p.name == "title" && c.state == confidential) {
			tokens = append(tokens, c.token(p.name))
		}
	}
	if as == absent {
		tokens = append(tokens, c.id)
	}
	return tokens
}

// text is an answer taken apart into the tokens that stand in it. The id of a
// matter is marked: that of its first case.
type text map[string]bool

const ofMatter = "matter "

func tokens(body string) text {
	found := text{}
	last, start := "", -1
	for i := 0; i <= len(body); i++ {
		if i < len(body) {
			b := body[i]
			if b == '-' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' {
				if start < 0 {
					start = i
				}
				continue
			}
		}
		if start >= 0 {
			run := body[start:i]
			if last == "matter" && len(run) == len(nobody) {
				found[ofMatter+run] = true
			} else if i-start >= len("Z000A") {
				found[run] = true
			}
			last, start = run, -1
		}
	}
	return found
}

// made says whether a placement can stand in a state: help is asked for only
// while an appeal is being handled.
func made(p *placement, state string) bool {
	if _, is := ties[p.name]; is || state == "tied" {
		return is && state == "tied"
	}
	return p.helps == "-" || state == "accepted" || state == "concluded" || state == confidential
}

// plant makes the cases of the matrix, by the engine alone.
func (w *world) plant(ctx context.Context) {
	for _, p := range slices.Concat(placements, tied) {
		var master string
		for _, s := range states {
			if !made(&p, s.name) {
				continue
			}
			w.clock = w.clock.Add(time.Minute)
			c := &planted{placement: p, state: s.name, n: len(w.cases) + 1}
			w.make(ctx, c, master)
			if s.name == "fresh" {
				master = c.id
			}
			w.cases = append(w.cases, c)
		}
	}
	var ids []string
	for _, c := range w.cases {
		ids = append(ids, c.id)
	}
	require.NoError(w.t, w.engine.SeeReturns(ctx, ids)) // in the router's stead
}

// planted finds a case by its placement and state.
func (w *world) planted(name string) *planted {
	for _, c := range w.cases {
		if c.String() == name {
			return c
		}
	}
	w.t.Fatalf("no case %s", name)
	return nil
}

// make registers a case and brings it into its state.
func (w *world) make(ctx context.Context, c *planted, master string) {
	in := workflow.Intake{
		Procedure: "appeal", Class: "complaint", Category: "0101", Title: c.word("title"), Statement: c.word("statement"),
		Place: "370404102201", Channel: domain.ChannelWindow, Note: c.word("note"),
		Parties: []domain.Party{{
			Role: domain.PartyApplicant, Name: c.word("name"), Phone: c.word("phone"), IdentityNumber: c.word("identity"), Address: c.word("address"),
		}},
	}
	accused := domain.Party{Role: domain.PartyRespondent, Organization: true, Name: "被诉单位"}
	if c.against != "-" {
		accused.OrgCode = code(c.against)
	}
	told := c.helps != "-" && c.helps == c.against // it is known to be complained of only once it was told
	if c.against != "-" && !told {
		in.Parties = append(in.Parties, accused)
	}
	switch c.state {
	case confidential:
		in.Flags = []domain.Flag{domain.FlagConfidential}
	case sealed:
		in.Procedure, in.Class = "petition", "accusation"
	}
	tie := ties[c.name]
	switch tie.how {
	case "repeats":
		in.Repeats = w.planted(tie.with).id
	case "derived_from":
		in.DerivedFrom = w.planted(tie.with).id
	case "master":
		master = w.planted(tie.with).id
	}
	var err error
	c.file, err = w.engine.Register(ctx, in, w.actor(domain.RoleClerk, code(c.registers)), nil)
	require.NoError(w.t, err, c)
	c.id, c.number = c.file.Case.ID, c.file.Case.Number
	w.bring(ctx, c, master)
	if told {
		parties := []domain.Party{c.file.Parties[0], accused}
		c.file, err = w.engine.Edit(ctx, c.id, 0, workflow.Patch{Parties: &parties}, w.actor(domain.RoleClerk, c.file.Case.Owner))
		require.NoError(w.t, err, c)
	}
}

// bring takes a registered case into its state.
func (w *world) bring(ctx context.Context, c *planted, master string) {
	to := c.file.Case.Desk
	if c.to != "-" {
		to = code(c.to)
	}
	if c.state == sealed {
		if c.to != "-" {
			w.act(ctx, c, domain.RoleClerk, c.file.Case.Desk, "forward", domain.Fields{"organization": to})
		}
		w.act(ctx, c, domain.RoleHandler, to, "accept", nil)
		return
	}
	if c.to != "-" || c.state != "fresh" && c.state != "merged" && c.state != "tied" {
		w.act(ctx, c, domain.RoleClerk, c.file.Case.Owner, "dispatch", domain.Fields{"organization": to})
	}
	switch c.state {
	case "fresh":
		return
	case "merged", "tied":
		if master == "" {
			return
		}
		w.act(ctx, c, domain.RoleClerk, c.file.Case.Owner, "merge", domain.Fields{"master": master})
		return
	}
	w.act(ctx, c, domain.RoleHandler, to, "accept", nil)
	if c.helps != "-" {
		w.act(ctx, c, domain.RoleHandler, to, "ask_help", domain.Fields{"co_organization": code(c.helps), "task": "协办"})
	}
	if c.state == "concluded" {
		w.act(ctx, c, domain.RoleHandler, to, "reply", domain.Fields{"reply": c.word("reply"), "result": "resolved"})
	}
}

func (w *world) act(ctx context.Context, c *planted, role domain.Role, org, action string, fields domain.Fields) {
	var err error
	c.file, err = w.engine.Act(ctx, c.id, 0, workflow.Action{Name: action, Actor: w.actor(role, org), Fields: fields})
	require.NoError(w.t, err, "%s: %s", c, action)
}

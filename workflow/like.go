package workflow

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// source is a procedure file as it was read.
type source struct {
	file string
	text []byte
	head head
}

// likeness is how a file that is like another is read: the other stands below
// it, so that every line tells which of the two it is of.
type likeness struct {
	key   int    // line of the key "like"
	own   int    // lines of the file itself; 0 when it is like none
	model string // file that it is like
}

// blame gives the line of the file that a problem is told at, and, for what
// the file took over, where that stands.
func (l *likeness) blame(line int) (at int, where string) {
	if l.own == 0 || line <= l.own {
		return line, ""
	}
	return l.key, fmt.Sprintf(" (%s:%d)", l.model, line-l.own)
}

// complete is the tree of a file together with what it takes from the one that
// it is like; nil when they cannot be read.
func (c *compiler) complete(own source, model *source) ast.Node {
	tree := c.parse(own.text)
	if tree == nil {
		return nil
	}
	parts, _ := partsOf(tree)
	i := slices.IndexFunc(parts, func(m *ast.MappingValueNode) bool { return m.Key.GetToken().Value == "like" })
	if i < 0 {
		return tree
	}
	c.key = parts[i].Key.GetToken().Position.Line
	if model == nil {
		c.at(c.key, "is like %q, which is no procedure of this folder, or itself like another", parts[i].Value.GetToken().Value)
		return nil
	}
	c.own, c.model = bytes.Count(own.text, []byte("\n"))+1, model.file
	below := c.parse(append(bytes.Repeat([]byte("\n"), c.own), model.text...))
	if below == nil {
		return nil
	}
	return overlay(below, tree)
}

// overlay lays a tree over another: named parts are merged by name, at every
// depth; all else is replaced.
func overlay(below, above ast.Node) ast.Node {
	parts, both := partsOf(below)
	over, named := partsOf(above)
	if !both || !named {
		return above
	}
	all := slices.Clone(parts)
	for _, m := range over {
		i := slices.IndexFunc(all, func(n *ast.MappingValueNode) bool { return n.Key.GetToken().Value == m.Key.GetToken().Value })
		if i < 0 {
			all = append(all, m)
			continue
		}
		m.Value = overlay(all[i].Value, m.Value)
		all[i] = m
	}
	return ast.Mapping(above.GetToken(), false, all...)
}

// head is what says which procedure a file is of. What is wrong with it is told
// when the file is compiled.
type head struct {
	Like    string `yaml:"like"`
	Name    string `yaml:"name"`
	Version int    `yaml:"version"`
}

// model finds the file that this one is like: its name gives the procedure and
// perhaps the version, else the newest is meant. Nil when it is like none, or
// like one that does not exist or is itself like another.
func (s *source) model(files []source) *source {
	name, version, _ := strings.Cut(s.head.Like, " ")
	var found *source
	for i := range files {
		h := &files[i].head
		if h.Name == name && h.Like == "" && (version == "" || version == strconv.Itoa(h.Version)) &&
			(found == nil || h.Version > found.head.Version) {
			found = &files[i]
		}
	}
	return found
}

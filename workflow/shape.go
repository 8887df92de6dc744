package workflow

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// shape compares a YAML tree with the Go type that it is to fill, so that
// every misspelt key and unreadable value is reported, not only the first. It
// also notes the line of each path. False: a value cannot be read.
func (c *compiler) shape(n ast.Node, t reflect.Type, path string) bool {
	switch v := n.(type) {
	case *ast.AnchorNode:
		return c.shape(v.Value, t, path)
	case *ast.AliasNode, *ast.NullNode:
		return true // looked at where it is defined
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	line := n.GetToken().Position.Line
	if u, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		if _, scalar := n.(ast.ScalarNode); !scalar {
			c.at(line, "%s must be one value", last(path))
			return false
		}
		if err := u.UnmarshalText([]byte(n.GetToken().Value)); err != nil {
			c.at(line, "%v", err)
			return false
		}
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return c.shapeMapping(n, t, path)
	case reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			c.at(line, "%s must be a list", last(path))
			return false
		}
		for i, item := range seq.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			c.lines[at] = item.GetToken().Position.Line
			ok = c.shape(item, t.Elem(), at) && ok
		}
		return ok
	default:
		return c.shapeScalar(n, t, path)
	}
}

func (c *compiler) shapeScalar(n ast.Node, t reflect.Type, path string) bool {
	ok, want := false, "a text"
	switch _, scalar := n.(ast.ScalarNode); t.Kind() {
	case reflect.Int:
		_, ok = n.(*ast.IntegerNode)
		want = "a whole number"
	case reflect.Bool:
		_, ok = n.(*ast.BoolNode)
		want = "true or false"
	default:
		ok = scalar
	}
	if !ok {
		c.at(n.GetToken().Position.Line, "%s must be %s", last(path), want)
	}
	return ok
}

func (c *compiler) shapeMapping(n ast.Node, t reflect.Type, path string) bool {
	parts, named := partsOf(n)
	if !named {
		c.at(n.GetToken().Position.Line, "%s must have named parts", last(path))
		return false
	}
	readable := true
	for _, m := range parts {
		key := m.Key.GetToken()
		at := path + "." + key.Value
		c.lines[at] = key.Position.Line
		part, known := partOf(t, key.Value)
		if !known {
			c.at(key.Position.Line, "unknown key %q", key.Value)
			continue
		}
		readable = c.shape(m.Value, part, at) && readable
	}
	return readable
}

// partsOf are the named parts of a tree; false when it has none by its kind.
func partsOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch v := n.(type) {
	case *ast.MappingNode:
		return v.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}, true
	default:
		return nil, false
	}
}

// partOf is the type of a named part of a struct, by its YAML name, or map.
func partOf(t reflect.Type, name string) (reflect.Type, bool) {
	if t.Kind() == reflect.Map {
		return t.Elem(), true
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Tag.Get("yaml") == name {
			return f.Type, true
		}
	}
	return nil, false
}

// last is the last name of a path, for messages.
func last(path string) string {
	name := path[strings.LastIndex(path, ".")+1:]
	if name == "$" {
		return "the file"
	}
	return name
}

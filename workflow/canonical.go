package workflow

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"sudi/domain"
)

// published gives a procedure's texts as they are kept once it is published.
func (p *Procedure) published(source, common []byte) (domain.ProcedureText, error) {
	document, err := p.document()
	if err != nil {
		return domain.ProcedureText{}, fmt.Errorf("%s version %d: %w", p.Name, p.Version, err)
	}
	sum := sha256.Sum256(document)
	return domain.ProcedureText{
		Name: p.Name, Version: p.Version, Hash: hex.EncodeToString(sum[:]),
		Source: string(source), Common: string(common), Document: string(document),
	}, nil
}

// document is the procedure in canonical form: everything that holds in it,
// whichever file it stands in, and nothing else, one key a line in a fixed
// order. What is left out in YAML is left out here, so that a key that a later
// Sudi knows changes no document of today. It is JSON, hence YAML, and compiles
// to the same procedure without any other file.
func (p *Procedure) document() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	alone := *p
	alone.Like = "" // what it takes from there is in it
	tree, err := canonical(reflect.ValueOf(alone))
	if err == nil {
		err = e.Encode(tree)
	}
	return b.Bytes(), err
}

// canonical turns a value into what JSON writes in one way only.
func canonical(v reflect.Value) (any, error) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if m, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	switch v.Kind() {
	case reflect.Struct:
		parts := map[string]any{}
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("yaml")
			if f := v.Field(i); name != "" && !absent(f) {
				part, err := canonical(f)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				parts[name] = part
			}
		}
		return parts, nil
	case reflect.Map:
		parts := map[string]any{}
		for _, key := range v.MapKeys() {
			part, err := canonical(v.MapIndex(key))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			parts[key.String()] = part
		}
		return parts, nil
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			item, err := canonical(v.Index(i))
			if err != nil {
				return nil, err
			}
			list[i] = item
		}
		return list, nil
	default:
		return v.Interface(), nil
	}
}

// absent reports whether a key may be left out: it says nothing.
func absent(v reflect.Value) bool {
	return v.IsZero() || (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0
}

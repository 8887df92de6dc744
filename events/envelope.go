package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"sudi/domain"
)

// What the envelope says of every event.
const (
	specVersion  = "1.0"
	typePrefix   = "cn.sudi.case."
	dataType     = "application/json"
	dataSchema   = "urn:sudi:case-event:1" // the number goes up when a reader of the old data would misread the new
	envelopeType = "application/cloudevents+json"
)

// Envelope is a CloudEvents 1.0 event in its structured JSON form.
type Envelope struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject"` // the case's number
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	DataSchema      string          `json:"dataschema"`
	Data            json.RawMessage `json:"data"`
}

// errUnreadable marks what Decode refuses.
var errUnreadable = errors.New("unreadable event")

// Encode puts an event of a county into its envelope.
func Encode(county string, e domain.Event) ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	raw, err := json.Marshal(Envelope{
		SpecVersion:     specVersion,
		ID:              e.ID,
		Source:          "/sudi/" + county,
		Type:            typePrefix + e.Event,
		Subject:         e.Number,
		Time:            e.At.UTC(),
		DataContentType: dataType,
		DataSchema:      dataSchema,
		Data:            data,
	})
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return raw, nil
}

// Decode takes an event out of its envelope. It refuses what it does not know
// to be an event of ours; attributes and fields that a newer Sudi or a gateway
// added are allowed, as CloudEvents asks and as a rolling update needs.
func Decode(raw []byte) (domain.Event, error) {
	var v Envelope
	if err := unmarshalOne(raw, &v); err != nil {
		return domain.Event{}, fmt.Errorf("%w: envelope: %w", errUnreadable, err)
	}
	if err := v.check(); err != nil {
		return domain.Event{}, fmt.Errorf("%w: envelope: %w", errUnreadable, err)
	}
	var e domain.Event
	if err := unmarshalOne(v.Data, &e); err != nil {
		return domain.Event{}, fmt.Errorf("%w: %s: %w", errUnreadable, v.ID, err)
	}
	if err := v.agrees(&e); err != nil {
		return domain.Event{}, fmt.Errorf("%w: %s: %w", errUnreadable, v.ID, err)
	}
	return e, nil
}

func (v *Envelope) check() error {
	switch {
	case v.SpecVersion != specVersion:
		return fmt.Errorf("unknown specversion %q", v.SpecVersion)
	case v.DataSchema != dataSchema:
		return fmt.Errorf("unknown dataschema %q", v.DataSchema)
	case v.DataContentType != dataType:
		return fmt.Errorf("unknown datacontenttype %q", v.DataContentType)
	case v.ID == "" || v.Source == "":
		return errors.New("no id or no source")
	case len(v.Data) == 0 || bytes.Equal(v.Data, []byte("null")):
		return errors.New("no data")
	}
	return nil
}

// agrees checks that envelope and event tell of the same thing, and that the
// event says whose it is.
func (v *Envelope) agrees(e *domain.Event) error {
	switch {
	case e.CaseID == "" || e.Version < 1:
		return errors.New("of no case, or of no version of it")
	case e.ID != v.ID:
		return fmt.Errorf("the data's id is %q", e.ID)
	case typePrefix+e.Event != v.Type:
		return fmt.Errorf("type %q but event %q", v.Type, e.Event)
	case e.Number != v.Subject:
		return fmt.Errorf("subject %q but number %q", v.Subject, e.Number)
	}
	return nil
}

// unmarshalOne reads exactly one JSON value.
func unmarshalOne(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

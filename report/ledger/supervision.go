package ledger

import "sudi/domain"

// rounds counts the supervisions of a case.
func (l *line) rounds() any {
	n := 0
	for i := range l.Entries {
		if l.Entries[i].Action == "supervise" {
			n++
		}
	}
	return n
}

// after is the last entry of an action that follows the last supervision, nil
// when what there is belongs to an earlier one.
func (l *line) after(action string) *domain.Entry {
	began, e := l.entry("supervise"), l.entry(action)
	if began == nil || e == nil || e.Version < began.Version {
		return nil
	}
	return e
}

// since is when an action followed the last supervision.
func (l *line) since(action string) any {
	if e := l.after(action); e != nil {
		return day(&e.At)
	}
	return nil
}

func (l *line) answered() any { return l.since("answer_supervision") }

func (l *line) answer() any {
	if e := l.after("answer_supervision"); e != nil {
		return e.Fields.String("record")
	}
	return nil
}

// answerInTime says how the last supervision was answered, or that it waits.
func (l *line) answerInTime() any {
	d := l.clock(supervision)
	switch {
	case d == nil:
		return nil
	case l.after("answer_supervision") == nil && d.EndedAt != nil:
		return l.say("不再要求", "no longer asked")
	case d.EndedAt == nil && (d.MissedAt != nil || d.Due.Before(l.head.At)):
		return l.say("逾期未反馈", "overdue")
	case d.EndedAt == nil:
		return l.say("待反馈", "awaited")
	case d.Met:
		return l.say("按期", "in time")
	default:
		return l.say("逾期反馈", "late")
	}
}

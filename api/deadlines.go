package api

import (
	"context"
	"time"

	"sudi/domain"
	"sudi/workflow"
)

type deadlinesInput struct {
	ID      string `path:"id"`
	Explain bool   `query:"explain" default:"true" doc:"With each day, counted or skipped"`
}

type deadlinesOutput struct {
	ETag string `header:"ETag"`
	Body struct {
		Items []deadlineView `json:"items"`
	}
}

// deadlineView is a time limit as it stands and, explained, how it came to its
// due day.
type deadlineView struct {
	domain.Deadline
	Title      string               `json:"title" doc:"In the caller's language"`
	Status     string               `json:"status" enum:"running,paused,overdue,met,late,ended"`
	DueDate    string               `json:"due_date" format:"date" doc:"The day in Beijing"`
	Pauses     []pauseView          `json:"pauses,omitempty"`
	Extensions []workflow.Extension `json:"extensions,omitempty"`
	Days       []domain.Counted     `json:"days,omitempty" doc:"From the start to the due day; none for a limit in hours"`
}

// pauseView is a stretch during which a limit stood still.
type pauseView struct {
	From domain.Date `json:"from" doc:"First day that did not count"`
	To   domain.Date `json:"to" doc:"Day on which it ran again"`
}

func (s *server) deadlines(ctx context.Context, who *Caller, in *deadlinesInput) (*deadlinesOutput, error) {
	file, err := s.visible(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	rules := s.Engine.Rules()
	p, err := rules.Library.Get(file.Case.Procedure, file.Case.ProcedureVersion)
	if err != nil {
		return nil, err
	}
	var entries []domain.Entry
	if in.Explain {
		if entries, err = s.Store.History(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	out := &deadlinesOutput{ETag: etag(file.Case.Version)}
	out.Body.Items = make([]deadlineView, len(file.Deadlines))
	for i, d := range file.Deadlines {
		v := deadlineView{
			Deadline: d, Title: clockTitle(p, d.Kind).In(who.Lang), Status: deadlineStatus(&d, s.Now()),
			DueDate: domain.DateIn(d.Due).String(),
		}
		if in.Explain {
			e, err := rules.Explain(d, entries)
			if err != nil {
				return nil, err
			}
			v.Extensions, v.Days = e.Extensions, e.Days
			for _, p := range e.Pauses {
				v.Pauses = append(v.Pauses, pauseView(p))
			}
		}
		out.Body.Items[i] = v
	}
	return out, nil
}

// clockTitle is the title of a clock, or its name: a case that was moved to
// another version may have one behind it that this version does not know.
func clockTitle(p *workflow.Procedure, kind string) domain.Text {
	if k, known := p.Deadlines[kind]; known {
		return k.Title
	}
	return domain.Text{ZH: kind, EN: kind}
}

func deadlineStatus(d *domain.Deadline, now time.Time) string {
	switch {
	case d.Met:
		return "met"
	case d.EndedAt != nil && d.MissedAt != nil:
		return "late"
	case d.EndedAt != nil:
		return "ended"
	case d.PausedAt != nil:
		return "paused"
	case now.After(d.Due):
		return "overdue"
	default:
		return "running"
	}
}

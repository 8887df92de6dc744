package cli

import "sudi/domain"

// origin is what the audit log says of what a command does.
func origin() domain.Origin { return domain.Origin{Actor: operator()} }

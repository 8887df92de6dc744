package intake

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed mappings/*.yaml
var shipped embed.FS

// Load reads a mapping from a file, or one that comes with Sudi by its name
// ("replied-messages").
func Load(name string) (*Mapping, error) {
	in, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, `/\.`) {
		source, own := shipped.ReadFile("mappings/" + name + ".yaml")
		if own == nil {
			return Parse(name+".yaml", source)
		}
	}
	if err != nil {
		return nil, err
	}
	defer in.Close()
	source, err := io.ReadAll(io.LimitReader(in, maxMapping+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(name), err)
	}
	return Parse(filepath.Base(name), source)
}

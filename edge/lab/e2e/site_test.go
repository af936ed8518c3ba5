package e2e

import (
	"os"
	"testing"

	"sekisho/edge/config"
)

// TestSiteIsValid keeps the trial's configuration in step with the product's
// keys, without running the product.
func TestSiteIsValid(t *testing.T) {
	site, err := NewSite(t.TempDir(), 50)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(site.Config())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Tenants) != 1 || len(c.Tenants[0].Mobiles) != 50 || c.Border.Listeners[0].Bind != site.West || c.CDR.File != site.Records() {
		t.Errorf("read as %+v", c)
	}
	if _, err := os.Stat(site.Callers()); err != nil {
		t.Error(err)
	}
}

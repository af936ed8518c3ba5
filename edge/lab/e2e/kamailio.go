package e2e

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"
)

//go:embed testdata/kamailio.cfg.tmpl
var kamailioTemplate string

// Kamailio is a proxy between the border and one peer, in the path of every
// request by Record-Route.
type Kamailio struct {
	cmd  *exec.Cmd
	said output
}

// StartKamailio starts a proxy at proxy, between border and peer. Its files go
// to folder, which it makes.
func StartKamailio(ctx context.Context, folder string, proxy, border, peer netip.AddrPort) (*Kamailio, error) {
	modules, err := filepath.Glob("/usr/lib/*/kamailio/modules")
	if err != nil || len(modules) == 0 {
		return nil, errors.New("kamailio's modules are not where Debian puts them")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	t, err := template.New("kamailio").Parse(kamailioTemplate)
	if err != nil {
		return nil, fmt.Errorf("read the proxy's configuration: %w", err)
	}
	var config strings.Builder
	data := map[string]any{"Proxy": proxy, "Border": border, "Peer": peer, "Modules": modules[0]}
	if err := t.Execute(&config, data); err != nil {
		return nil, fmt.Errorf("write the proxy's configuration: %w", err)
	}
	path := filepath.Join(folder, "kamailio.cfg")
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		return nil, err
	}
	k := &Kamailio{cmd: exec.CommandContext(ctx, "kamailio", "-DD", "-E", "-f", path, "-Y", folder, "-P", filepath.Join(folder, "pid"), "-m", "16", "-M", "4")}
	k.cmd.Stdout, k.cmd.Stderr = &k.said, &k.said
	if err := k.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start kamailio: %w", err)
	}
	if err := AwaitBound(proxy, 10*time.Second); err != nil {
		return nil, errors.Join(err, k.Stop(), errors.New(k.Said()))
	}
	return k, nil
}

// Said is the last of what the proxy wrote.
func (k *Kamailio) Said() string { return k.said.String() }

// Routed counts the requests of a method that came from an address, belonged to
// a dialog and were sent along its route set.
func (k *Kamailio) Routed(method string, from netip.Addr) int {
	return strings.Count(k.Said(), fmt.Sprintf("routed %s from %s\n", method, from))
}

// Stop ends the proxy, by its id, and waits for it. Its exit status means
// nothing.
func (k *Kamailio) Stop() error {
	if err := k.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end kamailio: %w", err)
	}
	var exit *exec.ExitError
	if err := k.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("end kamailio: %w", err)
	}
	return nil
}

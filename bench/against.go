package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sekisho/edge/lab/e2e"
)

// subject is a process under load: the product, or what it is compared with.
type subject interface {
	PID() int
	Said() string
}

// stock is a running process of bench/stock.
type stock struct {
	cmd  *exec.Cmd
	said strings.Builder // its standard error; read when it has ended
}

func (s *stock) PID() int { return s.cmd.Process.Pid }

func (s *stock) Said() string { return "" }

// startStock builds bench/stock and runs it on the site, in the border's place.
func startStock(ctx context.Context, site *e2e.Site) (*stock, error) {
	binary := filepath.Join(site.Folder, "stock")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "sekisho/bench/stock").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the stock B2BUA: %w\n%s", err, out)
	}
	s := &stock{cmd: exec.CommandContext(ctx, binary,
		"-west", site.West.String(), "-east", site.East.String(), "-core", site.Core.String(), "-cdr", site.Records())}
	s.cmd.Stderr = &s.said
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the stock B2BUA: %w", err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		_ = s.cmd.Process.Kill()
		return nil, errors.Join(fmt.Errorf("the stock B2BUA is not ready: %w", err), s.cmd.Wait(), errors.New(s.said.String()))
	}
	return s, nil
}

// stop ends the process and waits for it.
func (s *stock) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, s.cmd.Wait())
	}
	over := time.AfterFunc(10*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer over.Stop()
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("the stock B2BUA ended badly: %w\n%s", err, s.said.String())
	}
	return nil
}

// against takes rounds of the border and of the stock B2BUA by turns, with the
// same generators at one rate, and compares their medians. sound is false when
// the border has lost a call; what the other loses is reported.
func (t trial) against(ctx context.Context, p plan, w io.Writer) (sound bool, err error) {
	site, product, err := t.start(ctx, "border")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, product.Stop(15*time.Second)) }()
	folder, err := makeFolder(t.folder, "stock")
	if err != nil {
		return false, err
	}
	other, err := e2e.NewSite(folder, len(site.Mobiles))
	if err != nil {
		return false, err
	}
	peer, err := startStock(ctx, other)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, peer.stop()) }()

	fmt.Fprintf(w, "\nCPU per call of the border and of a B2BUA on stock sipgo (bench/stock) by turns, %s\n", p.describe())
	loadHead(w)
	sound = true
	sides := [...]*tally{{name: "border"}, {name: "stock"}}
	for i := range p.rounds + 1 {
		for n, side := range sides {
			var r round
			if n == 0 {
				r, err = place(ctx, product, site, p.named("border", i))
				sound = sound && r.sound()
			} else {
				r, err = place(ctx, peer, other, p.named("stock", i))
			}
			if err != nil {
				return false, err
			}
			r.row(w, rounded(side.name, i))
			if n == 0 {
				if err := r.why(w, site); err != nil {
					return false, err
				}
			}
			if i > 0 {
				side.add(&r)
			}
			if err := settle(ctx, product); err != nil {
				return false, err
			}
		}
	}
	for _, side := range sides {
		side.write(w)
	}
	bar{
		name:  fmt.Sprintf("CPU per call at %d calls/s, border by stock", p.rate),
		value: median(sides[0].perCall) / median(sides[1].perCall), most: 0.9,
	}.write(w)
	return sound, t.perCall(ctx, sides[0], running{p, product, site}, w)
}

func rounded(name string, round int) string {
	if round == 0 {
		return name + " (warm)"
	}
	return fmt.Sprintf("%s %d", name, round)
}

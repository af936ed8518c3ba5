package e2e

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"
)

//go:embed testdata/phones.yaml.tmpl
var phonesTemplate string

// NewPhones writes the configuration of a trial with the embedded core and two
// phones, 1001 and 1002, that register from 127.0.0.1 by one of the digests.
// listen is where they do; secure is how their media is keyed, empty for plain
// RTP.
func NewPhones(folder, digests, secure string) (site *Site, listen netip.AddrPort, err error) {
	core := Loopback()
	if listen, err = FreeUDP(core); err != nil {
		return nil, listen, err
	}
	t, err := template.New("phones").Parse(phonesTemplate)
	if err != nil {
		return nil, listen, fmt.Errorf("read the template of the phones' site: %w", err)
	}
	var config strings.Builder
	if err := t.Execute(&config, map[string]any{"Core": core, "Listen": listen, "Folder": folder, "Digests": digests, "Secure": secure}); err != nil {
		return nil, listen, fmt.Errorf("write the configuration: %w", err)
	}
	site = &Site{Folder: folder}
	files := map[string]string{site.Config(): config.String()}
	for _, extension := range []string{"1001", "1002"} {
		files[filepath.Join(folder, extension+".password")] = "secret-" + extension + "\n"
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, listen, err
		}
	}
	return site, listen, nil
}

// Baresip is one phone. It answers by itself, and says its tone for as long as
// it lives.
type Baresip struct {
	Folder    string // holds its files; it is made
	Extension string
	Core      netip.AddrPort
	Commands  []string // typed at the start, such as "d sip:1002@t1.example"
	Seconds   int      // it ends by itself after these
	// Encryption is what it calls its way to key media, such as "srtp-mand"; empty
	// for plain RTP.
	Encryption string
}

// Run lets the phone live and returns what it said. Exit statuses mean nothing:
// what the phone did is judged by what the product saw.
func (b Baresip) Run(ctx context.Context) (string, error) {
	if err := b.write(); err != nil {
		return "", err
	}
	args := []string{"-4", "-f", b.Folder, "-s", "-t", strconv.Itoa(b.Seconds)}
	for _, c := range b.Commands {
		args = append(args, "-e", c)
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(b.Seconds+10)*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, "baresip", args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		err = nil
	}
	return string(out), err
}

func (b Baresip) write() error {
	modules, err := filepath.Glob("/usr/lib*/baresip/modules")
	if more, _ := filepath.Glob("/usr/lib/*/baresip/modules"); len(modules) == 0 {
		modules = more
	}
	if err != nil || len(modules) == 0 {
		return errors.New("baresip's modules are not where Debian puts them")
	}
	tone := filepath.Join(b.Folder, "tone.wav")
	config := "sip_listen 127.0.0.1:0\nmodule_path " + modules[0] + "\n" +
		"module g711.so\nmodule aufile.so\nmodule rtcpsummary.so\nmodule_app account.so\nmodule_app menu.so\n" +
		"audio_source aufile," + tone + "\naudio_player aufile," + filepath.Join(b.Folder, "heard.wav") + "\n"
	account := fmt.Sprintf("<sip:%s@t1.example>;auth_user=%s;auth_pass=secret-%s;outbound=\"sip:%s\";regint=60;answermode=auto;audio_codecs=pcmu",
		b.Extension, b.Extension, b.Extension, b.Core)
	if b.Encryption != "" {
		config += "module srtp.so\n"
		account += ";mediaenc=" + b.Encryption
	}
	account += "\n"
	if err := os.MkdirAll(b.Folder, 0o700); err != nil {
		return err
	}
	for name, text := range map[string]string{"config": config, "accounts": account, "contacts": "", "tone.wav": wave(b.Seconds)} {
		if err := os.WriteFile(filepath.Join(b.Folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// wave is a RIFF file of a tone of 440 Hz, 16 bits at 8 kHz.
func wave(seconds int) string {
	const hz = 8000
	data := make([]byte, 0, 2*hz*seconds)
	for i := range hz * seconds {
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(8000*math.Sin(2*math.Pi*440*float64(i)/hz))))
	}
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(data)))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = append(b, 1, 0, 1, 0) // PCM, one channel
	b = binary.LittleEndian.AppendUint32(b, hz)
	b = binary.LittleEndian.AppendUint32(b, 2*hz)
	b = append(b, 2, 0, 16, 0)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return string(append(b, data...))
}

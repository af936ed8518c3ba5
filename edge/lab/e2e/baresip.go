package e2e

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sekisho/edge/lab/audio"
)

//go:embed testdata/phones.yaml.tmpl
var phonesTemplate string

// NewPhones writes the configuration of a trial with the embedded core and two
// phones, 1001 and 1002, that register from loopback by one of the digests.
// listen is where they do; secure are keys of core.srtp, empty for plain
// RTP.
func NewPhones(folder, digests, secure string) (site *Site, listen netip.AddrPort, err error) {
	core := Neighbour(Loopback(), 1)
	if listen, err = FreeUDP(core); err != nil {
		return nil, listen, err
	}
	site = &Site{Folder: folder}
	err = site.configure(phonesTemplate, map[string]any{"Core": core, "Listen": listen, "Folder": folder, "Digests": digests, "Secure": secure})
	return site, listen, errors.Join(err, site.passwords("1001", "1002"))
}

// passwords writes those of phones.
func (s *Site) passwords(extensions ...string) error {
	for _, e := range extensions {
		if err := os.WriteFile(filepath.Join(s.Folder, e+".password"), []byte("secret-"+e+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Baresip is one phone that speaks as soon as a call of its own is answered.
type Baresip struct {
	Folder    string // holds its files; it is made
	Extension string
	Core      netip.AddrPort
	Addr      netip.Addr // of its own, in 127/8, to be commanded at; it speaks from 127.0.0.1, for it binds no media to an address
	Voice     uint64     // what it says, as audio.Voice knows it
	// Encryption is what it calls its way to key media, such as "srtp-mand"; empty
	// for plain RTP.
	Encryption string
	// Answers makes it answer by itself.
	Answers bool
}

// control is the port of a phone's ctrl_tcp.
const control = 4444

// Start runs the phone and returns once it is registered. It is ended when ctx
// is, or by Stop.
func (b Baresip) Start(ctx context.Context) (*Phone, error) {
	if err := b.write(); err != nil {
		return nil, err
	}
	p := &Phone{Baresip: b, cmd: exec.CommandContext(ctx, "baresip", "-4", "-f", b.Folder, "-s"), changed: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start baresip: %w", err)
	}
	if err := p.connect(); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	// It may have registered before it was listened to.
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		info, err := p.Do("reginfo", "")
		if err == nil && strings.Contains(info, "OK") {
			return p, p.locate()
		}
		if err != nil || time.Now().After(until) {
			return nil, errors.Join(fmt.Errorf("phone %s is not registered: %q: %s", b.Extension, info, p.Said()), err, p.Stop())
		}
	}
}

func (b Baresip) write() error {
	modules, err := filepath.Glob("/usr/lib*/baresip/modules")
	if more, _ := filepath.Glob("/usr/lib/*/baresip/modules"); len(modules) == 0 {
		modules = more
	}
	if err != nil || len(modules) == 0 {
		return errors.New("baresip's modules are not where Debian puts them")
	}
	voice := filepath.Join(b.Folder, "voice.wav")
	config := fmt.Sprintf("sip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nctrl_tcp_listen %s\nmodule_path %s\n",
		netip.AddrPortFrom(b.Addr, control), modules[0]) +
		"module g711.so\nmodule aufile.so\nmodule rtcpsummary.so\nmodule ctrl_tcp.so\nmodule_app account.so\nmodule_app menu.so\n" +
		"audio_source aufile," + voice + "\naudio_player aufile," + filepath.Join(b.Folder, "heard.wav") + "\n"
	answers := "manual"
	if b.Answers {
		answers = "auto"
	}
	account := fmt.Sprintf("<sip:%s@t1.example>;auth_user=%s;auth_pass=secret-%s;outbound=\"sip:%s\";regint=60;answermode=%s;audio_codecs=pcmu",
		b.Extension, b.Extension, b.Extension, b.Core, answers)
	if b.Encryption != "" {
		config += "module " + strings.TrimSuffix(b.Encryption, "-mand") + ".so\nrtcp_mux yes\n"
		account += ";mediaenc=" + b.Encryption
	}
	account += "\n"
	if err := os.MkdirAll(b.Folder, 0o700); err != nil {
		return err
	}
	for name, text := range map[string]string{"config": config, "accounts": account, "contacts": "", "voice.wav": wave(audio.Decode(voiceOf(b.Voice)))} {
		if err := os.WriteFile(filepath.Join(b.Folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// wave is a RIFF file of a voice, 16 bits at 8 kHz, said over and over for longer
// than any trial.
func wave(voice []int16) string {
	const hz, times = audio.Rate, 30
	data := make([]byte, 0, 2*times*len(voice))
	for range times {
		for _, s := range voice {
			data = binary.LittleEndian.AppendUint16(data, uint16(s))
		}
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

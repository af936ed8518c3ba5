package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"sekisho/edge/config"
	"sekisho/edge/core"
	"sekisho/edge/core/registrar"
	"sekisho/edge/sip/token"
	"sekisho/edge/sip/transport"
	"sekisho/policy/document"
)

// phoneName is a phone's place in the configuration.
type phoneName struct{ tenant, extension string }

// Secrets are what the phones' passwords come to; a phone without one cannot
// register.
type Secrets map[phoneName]registrar.Secret

// ReadSecrets reads the passwords of the phones from where the configuration
// says they are kept. The error names every one that is not there, by its key,
// and no password. Where no phone can register nothing is read.
func ReadSecrets(c *config.Config) (Secrets, error) {
	if c.Core.Mode != config.Embedded || len(c.Core.Registrar.From) == 0 {
		return nil, nil
	}
	secrets := make(Secrets)
	var errs []error
	for i := range c.Tenants {
		t := &c.Tenants[i]
		for _, p := range t.Phones {
			if p.Password == (document.Secret{}) {
				continue
			}
			password, err := readSecret(p.Password)
			if err != nil {
				errs = append(errs, fmt.Errorf("tenants.%s.phones.%s.password: %w", t.Name, p.Extension, err))
				continue
			}
			secrets[phoneName{t.Name, string(p.Extension)}] = registrar.NewSecret(string(p.Extension), t.Domain, password)
		}
	}
	return secrets, errors.Join(errs...)
}

// maxSecret bounds a password, in octets.
const maxSecret = 256

func readSecret(s document.Secret) (string, error) {
	if s.Env != "" {
		password := os.Getenv(s.Env)
		if password == "" || len(password) > maxSecret {
			return "", fmt.Errorf("environment variable %s holds no password of 1 to %d octets", s.Env, maxSecret)
		}
		return password, nil
	}
	f, err := os.Open(s.File)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+3))
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(b), "\r\n")
	if password == "" || len(password) > maxSecret {
		return "", fmt.Errorf("%s holds no password of 1 to %d octets", s.File, maxSecret)
	}
	return password, nil
}

// registration is how phones register at the core. Its key comes from source,
// which is the system's own in a running instance.
func registration(c *config.Config, source token.Source) core.Registration {
	from := &c.Core.Registrar
	r := core.Registration{Expires: registrar.Expires{Min: from.MinExpires, Default: from.MaxExpires, Max: from.MaxExpires}, Keepalive: from.Keepalive}
	for _, d := range from.Digest {
		switch d {
		case config.SHA256:
			r.Algorithms = append(r.Algorithms, registrar.SHA256)
		case config.MD5:
			r.Algorithms = append(r.Algorithms, registrar.MD5)
		}
	}
	for i := 0; i < len(r.Key); i += 8 {
		binary.BigEndian.PutUint64(r.Key[i:], source.Uint64())
	}
	return r
}

// phoneSources are whom the phones' listeners hear: the phones that always are
// where they are, and where others may register from.
func phoneSources(c *config.Config) []transport.Source {
	var list []transport.Source
	seen := make(map[transport.Source]bool)
	add := func(s transport.Source) {
		at := transport.Source{Prefix: s.Prefix, Port: s.Port}
		if !seen[at] {
			seen[at] = true
			list = append(list, s)
		}
	}
	for i := range c.Tenants {
		for _, p := range c.Tenants[i].Phones {
			if a := p.Contact; a.IsValid() {
				add(transport.Source{Prefix: netip.PrefixFrom(a.Addr(), a.Addr().BitLen()), Port: a.Port()})
			}
		}
	}
	for _, p := range c.Core.Registrar.From {
		add(transport.Source{Prefix: p, Rate: c.Core.Registrar.Rate})
	}
	return list
}

package dtls

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"

	"sekisho/media/srtp"
)

// label is what SRTP keys are exported under (RFC 5764 §4.2).
const label = "EXTRACTOR-dtls_srtp"

var (
	errStranger = errors.New("the certificate is not the one described")
	errProfile  = errors.New("no common protection profile")
)

// reason tells an operator why there are no keys, in words of ours: the library's
// may hold what the peer has sent.
func reason(err error) string {
	switch {
	case errors.Is(err, errStranger):
		return errStranger.Error()
	case errors.Is(err, errProfile):
		return errProfile.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "not finished in time"
	}
	return "the handshake failed"
}

// terms are the library's options for either role.
func (r *Room) terms() (profiles []dtls.SRTPProtectionProfile, err error) {
	for _, s := range r.config.Suites {
		if n, ok := s.Profile(); ok {
			profiles = append(profiles, dtls.SRTPProtectionProfile(n))
		}
	}
	if len(profiles) == 0 {
		return nil, errors.New("no suite can be agreed on by DTLS")
	}
	return profiles, nil
}

// shake holds the handshake. Both sides show a certificate, and each proves that it
// has the key; ours is checked by the peer.
func (r *Room) shake(ctx context.Context, c *candidate) (*dtls.Conn, srtp.Keys, error) {
	profiles, err := r.terms()
	if err != nil {
		return nil, srtp.Keys{}, err
	}
	proven := func(shown [][]byte) error {
		if len(shown) == 0 {
			return errStranger
		}
		if sum := sha256.Sum256(shown[0]); subtle.ConstantTimeCompare(sum[:], c.handshake.Peer[:]) != 1 {
			return errStranger
		}
		return nil
	}
	options := []dtls.Option{
		dtls.WithCertificates(r.config.Certificate.pair),
		dtls.WithSRTPProtectionProfiles(profiles...),
		dtls.WithVerifyPeerCertificate(func(shown [][]byte, _ [][]*x509.Certificate) error { return proven(shown) }),
		dtls.WithInsecureSkipVerify(true), // names and chains: SDP vouches for the certificate
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithSignatureSchemes(tls.ECDSAWithP256AndSHA256, tls.ECDSAWithP384AndSHA384, tls.PSSWithSHA256, tls.PKCS1WithSHA256),
		dtls.WithLoggerFactory(silent{}),
	}
	var conn *dtls.Conn
	switch c.handshake.Role {
	case srtp.Server:
		list := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
		for _, o := range options {
			list = append(list, o)
		}
		conn, err = dtls.ServerWithOptions(c.pipe, c.address(), list...)
	case srtp.Client:
		list := make([]dtls.ClientOption, 0, len(options))
		for _, o := range options {
			list = append(list, o)
		}
		conn, err = dtls.ClientWithOptions(c.pipe, c.address(), list...)
	case srtp.NoRole:
		err = errors.New("no role")
	}
	if err != nil {
		return nil, srtp.Keys{}, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		return conn, srtp.Keys{}, err
	}
	keys, err := exported(conn, c.handshake.Role, proven)
	return conn, keys, err
}

func exported(conn *dtls.Conn, role srtp.Role, proven func([][]byte) error) (srtp.Keys, error) {
	n, ok := conn.SelectedSRTPProtectionProfile()
	suite, known := srtp.OfProfile(uint16(n))
	if !ok || !known {
		return srtp.Keys{}, errProfile
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return srtp.Keys{}, errors.New("no state after the handshake")
	}
	if err := proven(state.PeerCertificates); err != nil {
		return srtp.Keys{}, err // whatever the library has asked
	}
	material, err := state.ExportKeyingMaterial(label, nil, 2*suite.Length())
	if err != nil {
		return srtp.Keys{}, fmt.Errorf("export keys: %w", err)
	}
	keys, ok := srtp.Exported(suite, material, role)
	clear(material)
	if !ok {
		return srtp.Keys{}, errProfile
	}
	return keys, nil
}

// silent is the library's log, which may hold anything.
type silent struct{}

// NewLogger is logging.LoggerFactory's.
func (silent) NewLogger(string) logging.LeveledLogger {
	return &logging.DefaultLeveledLogger{} // its level is LogLevelDisabled
}

package dtls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"time"

	"sekisho/media/srtp"
)

// Certificate is ours: self-signed, since SDP vouches for it by its fingerprint
// (RFC 5763 §5). It prints as its fingerprint.
type Certificate struct {
	pair  tls.Certificate
	print srtp.Fingerprint
}

// lasting is how long a certificate is valid; peers look at its fingerprint alone.
const lasting = 10 * 365 * 24 * time.Hour

// NewCertificate makes a certificate with a key of P-256 from random, which has to
// be hard to guess, valid from a day before now because clocks differ. The same
// bytes and time make the same certificate.
func NewCertificate(random io.Reader, now time.Time) (*Certificate, error) {
	var scalar [32]byte
	var key *ecdsa.PrivateKey
	for range 8 { // a number beyond the curve's order is one in 2^32
		if _, err := io.ReadFull(random, scalar[:]); err != nil {
			return nil, fmt.Errorf("randomness for a key: %w", err)
		}
		var err error
		if key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]); err == nil {
			break
		}
	}
	if key == nil {
		return nil, fmt.Errorf("no key of P-256 from this randomness")
	}
	var serial [16]byte
	if _, err := io.ReadFull(random, serial[:]); err != nil {
		return nil, fmt.Errorf("randomness for a serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]).SetBit(new(big.Int).SetBytes(serial[:]), 127, 0),
		Subject:      pkix.Name{CommonName: "sekisho"},
		NotBefore:    now.Add(-24 * time.Hour), NotAfter: now.Add(lasting),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), repeatable{key})
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return &Certificate{pair: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, print: sha256.Sum256(der)}, nil
}

// Fingerprint is what SDP says of it.
func (c Certificate) Fingerprint() srtp.Fingerprint { return c.print }

// String returns the fingerprint: nothing prints the key.
func (c Certificate) String() string { return c.print.String() }

// Format writes String for every verb of fmt.
func (c Certificate) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// repeatable signs without randomness (RFC 6979).
type repeatable struct{ *ecdsa.PrivateKey }

// Sign is crypto.Signer's.
func (r repeatable) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return r.PrivateKey.Sign(nil, digest, opts)
}

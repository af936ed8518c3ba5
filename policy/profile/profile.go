package profile

import (
	"slices"
	"time"

	"sekisho/policy/number"
)

// Profile is one carrier's ways. It is immutable once read and may be shared.
type Profile struct {
	Name    string
	Carrier Carrier
	Ingress Ingress
	Egress  Egress
	SIP     SIP
	Media   Media
	DTMF    DTMF
	// Assumed lists the dotted paths of keys that nobody has confirmed.
	Assumed []string
}

// Carrier names whose subscribers a trunk brings. A subscriber belongs to
// exactly one; the number itself does not tell which (number portability).
type Carrier string

// The carriers whose corporate mobiles the service takes, and the rest.
const (
	Docomo   Carrier = "docomo"
	AU       Carrier = "au"
	SoftBank Carrier = "softbank"
	Other    Carrier = "other"
)

// OfMobiles reports whether corporate mobiles of this carrier are served.
func (c Carrier) OfMobiles() bool { return c == Docomo || c == AU || c == SoftBank }

// Ingress is how to read a call from the carrier.
type Ingress struct {
	Prefix   Prefix
	Identity []Header // where the caller's identity is looked for, in order
	// HonorCLIR lets a handset-wide Privacy:id withhold the number; otherwise
	// only 184 behind the 8 does.
	HonorCLIR bool
	// Trust lists what the carrier's word is taken for beside the identity;
	// what is not listed stops at the border.
	Trust []Trusted
	// DiversionLimit is how often a call may have been passed on before it
	// comes here.
	DiversionLimit int
	// Pass names headers of the carrier's INVITE that go to the core as they
	// stand; of the others only what is read reaches it.
	Pass []PassedHeader
	// Allow holds what a mobile on this trunk may call beyond the ordinary
	// classes.
	Allow number.Allowed
	// Deny is asked in order with the dialled number, the 8 and 184/186 cut.
	Deny []DenyRule
}

// Prefix says who strips the service prefix 8 from what a mobile dialled.
type Prefix string

// The ways.
const (
	PrefixRequired  Prefix = "required"            // a call without it is no call of the service
	PrefixOptional  Prefix = "optional"            // one is cut when there
	PrefixByCarrier Prefix = "stripped_by_carrier" // the carrier has cut it
)

// Header names where an identity travels.
type Header string

// The headers.
const (
	PAI  Header = "pai"  // P-Asserted-Identity, RFC 3325
	PPI  Header = "ppi"  // P-Preferred-Identity, RFC 3325
	From Header = "from" // not asserted by anybody
)

// Trusted names what a carrier may say of a call and be believed.
type Trusted string

// The subjects.
const (
	TrustDiversion Trusted = "diversion" // Diversion and History-Info: who passed the call on
	TrustReason    Trusted = "reason"    // Reason of a CANCEL or BYE
)

// Trusts reports whether the carrier is believed on a subject.
func (i *Ingress) Trusts(s Trusted) bool { return slices.Contains(i.Trust, s) }

// PassedHeader is the name of a header that means nothing here: User-to-User
// (RFC 7433) or one of the X- names that two parties agree on.
type PassedHeader string

// Egress is how to write a call toward the carrier.
type Egress struct {
	MobileAddr     MobileAddr
	NumberFormat   NumberFormat
	UserPhone      bool // ;user=phone on the URIs we write
	RequestHost    RequestHost
	Domain         string   // host of From, PAI and, if so asked, Request-URI; "" means our own address
	Identity       []Header // which headers carry the caller's number
	PrivacyPAI     PrivacyPAI
	CLIPrefixBy    CLIPrefixBy
	CLIMapBy       CLIMapBy
	CLIMap         []MapRule // asked in order with the caller's national form, without the 8
	CLIPassthrough bool      // numbers that are not ours may be shown, with a diversion
	Diversion      Diversion
	DiversionLimit int          // how often a call may have been passed on before it goes there
	Reason         []ReasonForm // empty writes no Reason header
	// Pass names headers of the core's INVITE that go to the carrier as they
	// stand, unless it may not learn who calls: nobody reads what is in them.
	Pass []PassedHeader
	// Allow holds what may be called over this trunk beyond the ordinary
	// classes.
	Allow number.Allowed
	// Deny is asked with the Request-URI user as it is about to be written.
	Deny []DenyRule
}

// Asserts reports whether an identity header beside From carries the number.
func (e *Egress) Asserts() bool {
	return slices.Contains(e.Identity, PAI) || slices.Contains(e.Identity, PPI)
}

// MobileAddr says by what a mobile is called.
type MobileAddr string

// The ways.
const (
	ByMSISDN    MobileAddr = "msisdn"
	ByExtension MobileAddr = "extension"
)

// NumberFormat is the spelling of public numbers on the wire.
type NumberFormat string

// The spellings.
const (
	National NumberFormat = "national" // 0…, 010CC…
	E164     NumberFormat = "e164"     // +81…, +CC…
)

// RequestHost says what stands behind the @ of a Request-URI.
type RequestHost string

// The hosts.
const (
	HostPeer   RequestHost = "peer"   // the address the request is sent to
	HostDomain RequestHost = "domain" // Egress.Domain
)

// PrivacyPAI says whether the number of a caller who withholds it still
// travels in P-Asserted-Identity. Toward mobiles it never does.
type PrivacyPAI string

// The ways.
const (
	PAIDrop PrivacyPAI = "drop"
	PAIKeep PrivacyPAI = "keep"
)

// CLIPrefixBy says who puts the 8 in front of the caller's number.
type CLIPrefixBy string

// The sides.
const (
	PrefixEdge    CLIPrefixBy = "edge"
	PrefixCarrier CLIPrefixBy = "carrier"
	PrefixCore    CLIPrefixBy = "core"
	PrefixNone    CLIPrefixBy = "none"
)

// CLIMapBy says who applies the caller map. Both never do.
type CLIMapBy string

// The sides.
const (
	MapEdge    CLIMapBy = "edge"
	MapCarrier CLIMapBy = "carrier"
)

// Diversion is the header by which a diverting number of ours travels.
type Diversion string

// The headers.
const (
	HistoryInfo     Diversion = "history-info" // RFC 7044
	DiversionHeader Diversion = "diversion"    // RFC 5806
	NoDiversion     Diversion = "none"
)

// Tells reports whether the carrier is given reasons of a protocol.
func (e *Egress) Tells(f ReasonForm) bool { return slices.Contains(e.Reason, f) }

// ReasonForm is a protocol value of the Reason header (RFC 3326).
type ReasonForm string

// The forms.
const (
	ReasonQ850 ReasonForm = "q850"
	ReasonSIP  ReasonForm = "sip"
)

// SIP holds what concerns signalling and neither number nor identity.
type SIP struct {
	Transport      []Transport
	Family         []Family
	Auth           Auth
	Rel100         Rel100
	SessionExpires time.Duration // RFC 4028
	MinSE          time.Duration
	Refresher      Refresher
	EarlyMedia     EarlyMedia
	Announce       Announce
	Hold           Hold
	Refer          Refer
	Redirect       Redirect
	// Info lists what an INFO may carry (RFC 6086 §5): one with a key press is
	// answered and read, any other passed on. Empty refuses the method.
	Info           []ContentType
	OverMTU        OverMTU
	SourcePort5060 bool // requests must leave from port 5060
	Options        Options
	Failover       Failover
}

// Options is the health check by OPTIONS.
type Options struct {
	Interval  time.Duration // zero sends none
	DownAfter int           // misses in a row that take a peer out of use
	UpAfter   int           // answers in a row that take it back
	Answer    bool
}

// Failover is when a call that one peer of a trunk does not take goes to the
// next. A peer that answers nothing, or cannot be reached, is always passed over.
type Failover struct {
	// On are the final statuses that concern the peer alone. Every other one
	// stops the search: it speaks of the party called.
	On []int
	// Answer is how long a peer may take for any response at all while there is
	// another one.
	Answer time.Duration
	// Budget is how long after the first attempt another one may begin.
	Budget time.Duration
}

// Passes reports whether a final status sends the call to the next peer.
func (f *Failover) Passes(status int) bool { return slices.Contains(f.On, status) }

// Transport of RFC 3261 §18, Family of addresses and Auth of the trunk.
type (
	Transport string
	Family    string
	Auth      string
)

// The words of these.
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
	TLS Transport = "tls"

	IPv4 Family = "v4"
	IPv6 Family = "v6"

	AuthAddress Auth = "address" // by source address alone
	AuthDigest  Auth = "digest"  // RFC 3261 §22
	AuthLine    Auth = "line"    // REGISTER without a challenge, the line itself is known
)

// Rel100 says how reliable provisional responses (RFC 3262) are offered: not at
// all, as an extension that we know, or as one that whoever is called must know.
type Rel100 string

// The ways.
const (
	Rel100Off       Rel100 = "off"
	Rel100Supported Rel100 = "supported"
	Rel100Required  Rel100 = "required"
)

// Refresher says whom we ask to refresh the session (RFC 4028).
type Refresher string

// The sides.
const (
	RefresherUAC Refresher = "uac"
	RefresherUAS Refresher = "uas"
)

// EarlyMedia says how media before the answer is announced.
type EarlyMedia string

// The ways.
const (
	EarlyPEM   EarlyMedia = "pem"   // P-Early-Media, RFC 5009
	EarlyPlain EarlyMedia = "plain" // 183 with SDP
	EarlyOff   EarlyMedia = "off"
)

// Announce says how a refusal is heard.
type Announce string

// The ways.
const (
	AnnounceEarly  Announce = "early"  // 183, the announcement, then the code
	AnnounceAnswer Announce = "answer" // 200, the announcement, then BYE
	AnnounceNone   Announce = "none"   // the code at once
)

// What to do with a carrier's hold, REFER, 3xx, and a request over the MTU.
type (
	Hold     string
	Refer    string
	Redirect string
	OverMTU  string
)

// The words of these four.
const (
	HoldAbsorb Hold = "absorb" // answered here, music toward the core
	HoldRelay  Hold = "relay"

	ReferRefuse Refer = "refuse"
	ReferPass   Refer = "pass"
	// ReferConsume dials whom a REFER names in the place of who sent it, and takes an
	// INVITE with Replaces for one of the peer's own calls. A Refer-To that has
	// Replaces in it is declined (603): the two calls that it would make one have a
	// record, limits and a leg of the core's each.
	ReferConsume Refer = "consume"

	RedirectRefuse Redirect = "refuse"
	RedirectFollow Redirect = "follow"

	MTUToTCP    OverMTU = "tcp" // RFC 3261 §18.1.1
	MTUFragment OverMTU = "fragment"
	MTUTrim     OverMTU = "trim"
)

// OverMTUPath is where a profile says what becomes of long requests.
const OverMTUPath = "sip.over_mtu"

// ContentType is a media type and subtype in lower case, without parameters.
type ContentType string

// The types by which INFO tells of a key press.
const (
	KeyRelay ContentType = "application/dtmf-relay"
	KeyAlone ContentType = "application/dtmf"
)

// Takes reports whether an INFO with a content type may pass.
func (s *SIP) Takes(t ContentType) bool { return slices.Contains(s.Info, t) }

// Media is what the trunk carries.
type Media struct {
	Codecs         []Codec // in order of preference
	Ptime          int     // milliseconds
	TelephoneEvent int     // RTP payload type, RFC 4733
	OfferEvent     bool    // telephone-event stands in our offers, not in answers only
	SRTP           SRTP
	SRTPSuites     []SRTPSuite // offered in this order, and no others accepted
	DSCP           DSCP
}

// Codec is an RTP encoding name, SRTP whether the media is secured, with keys in
// SDP (RFC 4568), and SRTPSuite a crypto-suite of that.
type (
	Codec     string
	SRTP      string
	SRTPSuite string
)

// The words of these three.
const (
	PCMU Codec = "PCMU"
	PCMA Codec = "PCMA"

	SRTPOff      SRTP = "off"
	SRTPOptional SRTP = "optional" // where the other side does it too
	SRTPRequire  SRTP = "require"  // or no call

	AES128GCM  SRTPSuite = "AEAD_AES_128_GCM" // RFC 7714
	AES256GCM  SRTPSuite = "AEAD_AES_256_GCM"
	AES128CM80 SRTPSuite = "AES_CM_128_HMAC_SHA1_80" // RFC 4568
	AES128CM32 SRTPSuite = "AES_CM_128_HMAC_SHA1_32"
	AES256CM80 SRTPSuite = "AES_256_CM_HMAC_SHA1_80" // RFC 6188
	AES256CM32 SRTPSuite = "AES_256_CM_HMAC_SHA1_32"
)

// DSCP holds the code points (RFC 2474) of the two planes, 0 to 63.
type DSCP struct{ SIP, RTP int }

// DTMF is what happens to digits.
type DTMF struct {
	StarFilter StarFilter
	StarGap    time.Duration // from the end of the first * to the start of the second
	StarLong   time.Duration // a * that is down for longer is no part of a pair's beginning, and heard
	OddStar    OddStar
	Inband     Inband
	TowardCore TowardCore
}

// How pairs of *, odd runs of them, tones in the audio and digits toward the core are treated.
type (
	StarFilter string
	OddStar    string
	Inband     string
	TowardCore string
)

// The words of these.
const (
	StarOff     StarFilter = "off"
	StarSwallow StarFilter = "swallow_pairs"
	// StarDedupe delays nothing, but a pair is heard as one star.
	StarDedupe StarFilter = "dedupe"

	OddSwallow OddStar = "swallow" // a run of three stars is swallowed whole
	OddRelease OddStar = "release" // and its last is heard

	InbandAuto Inband = "auto" // only where no telephone-event was negotiated
	InbandOn   Inband = "on"
	InbandOff  Inband = "off"

	CoreRFC4733 TowardCore = "rfc4733"
	// CoreINFO tells the core of every key by INFO, whatever carried it and behind the
	// star filter, once it is up; the core's audio is silent meanwhile.
	CoreINFO TowardCore = "info"
)

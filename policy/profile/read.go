package profile

import (
	"slices"
	"strings"
	"time"

	"sekisho/policy/document"
	"sekisho/policy/number"
)

// Override replaces one key of a profile, by its dotted path
// ("egress.cli_passthrough"), with a value from a trunk's configuration. Lists
// are replaced whole.
type Override struct {
	Path  string
	Value *document.Node
}

// Read reads a profile and applies a trunk's overrides to it. All faults come
// at once, each where it stands: a fault in an override points into the file
// that holds the override. The profile is usable only when there is none.
func Read(s Source, overrides []Override) (*Profile, []document.Fault) {
	root, faults := document.Parse(s.File, s.Text)
	for _, o := range overrides {
		laid, ok := document.Overlay(root, o.Path, o.Value)
		if !ok {
			faults = append(faults, misplaced(o))
			continue
		}
		root = laid
	}
	reader := document.Open(s.File, root)
	p := profile(reader.Root(), root)
	p.Name = s.Name
	return p, document.Sort(append(faults, reader.Faults()...))
}

func misplaced(o Override) document.Fault {
	f := document.Fault{Key: o.Path, Message: "is no path of a profile key"}
	if o.Value != nil {
		f.File, f.Line, f.Column = o.Value.Position()
	}
	return f
}

func profile(m *document.MapReader, root *document.Node) *Profile {
	return &Profile{
		Carrier: enum(m.Key("carrier").Required(), Other, Docomo, AU, SoftBank, Other),
		Ingress: ingress(m.Key("ingress").Map()),
		Egress:  egress(m.Key("egress").Map()),
		SIP:     sip(m.Key("sip").Map()),
		Media:   media(m.Key("media").Map()),
		DTMF:    dtmf(m.Key("dtmf").Map()),
		Assumed: assumed(m.Key("assumed"), root),
	}
}

// maxDiversions is what the telephone network allows a call: ITU-T Q.732.2's
// maximum of five diversions.
const maxDiversions = 5

func ingress(m *document.MapReader) Ingress {
	return Ingress{
		Prefix:         enum(m.Key("prefix").Required(), PrefixRequired, PrefixRequired, PrefixOptional, PrefixByCarrier),
		Identity:       enums(m.Key("identity").Required(), []Header{PAI}, PAI, PPI, From),
		HonorCLIR:      m.Key("honor_carrier_clir").Bool(false),
		Trust:          some(m.Key("trust"), nil, TrustDiversion, TrustReason),
		DiversionLimit: m.Key("diversion_limit").Int(maxDiversions, 1, 100),
		Pass:           passed(m.Key("pass")),
		Allow:          allowed(m.Key("allow")),
		Deny:           denyRules(m.Key("deny")),
	}
}

func egress(m *document.MapReader) Egress {
	e := Egress{
		MobileAddr:     enum(m.Key("mobile_addr"), ByMSISDN, ByMSISDN, ByExtension),
		NumberFormat:   enum(m.Key("number_format"), National, National, E164),
		UserPhone:      m.Key("user_phone").Bool(false),
		RequestHost:    enum(m.Key("request_host"), HostPeer, HostPeer, HostDomain),
		Identity:       enums(m.Key("identity"), []Header{PAI, From}, PAI, PPI, From),
		PrivacyPAI:     enum(m.Key("privacy_pai"), PAIDrop, PAIDrop, PAIKeep),
		CLIPrefixBy:    enum(m.Key("cli_prefix_by").Required(), PrefixEdge, PrefixEdge, PrefixCarrier, PrefixCore, PrefixNone),
		CLIMapBy:       enum(m.Key("cli_map_by"), MapEdge, MapEdge, MapCarrier),
		CLIMap:         mapRules(m.Key("cli_map")),
		CLIPassthrough: m.Key("cli_passthrough").Bool(false),
		Diversion:      enum(m.Key("diversion"), NoDiversion, HistoryInfo, DiversionHeader, NoDiversion),
		DiversionLimit: m.Key("diversion_limit").Int(maxDiversions, 1, 100),
		Reason:         some(m.Key("reason"), []ReasonForm{ReasonQ850}, ReasonQ850, ReasonSIP),
		Pass:           passed(m.Key("pass")),
		Allow:          allowed(m.Key("allow")),
		Deny:           denyRules(m.Key("deny")),
	}
	domain := m.Key("domain")
	e.Domain = domain.String("")
	if !hostname(e.Domain) {
		domain.Faultf("is no host name")
	}
	if e.RequestHost == HostDomain && e.Domain == "" {
		domain.Faultf("is needed by request_host: domain")
	}
	return e
}

func sip(m *document.MapReader) SIP {
	s := SIP{
		Transport:      enums(m.Key("transport"), []Transport{UDP}, UDP, TCP, TLS),
		Family:         enums(m.Key("family"), []Family{IPv4}, IPv4, IPv6),
		Auth:           enum(m.Key("auth"), AuthAddress, AuthAddress, AuthDigest, AuthLine),
		Rel100:         enum(m.Key("rel100"), Rel100Supported, Rel100Off, Rel100Supported, Rel100Required),
		SessionExpires: m.Key("session_expires").Duration(1800*time.Second, 90*time.Second, 24*time.Hour),
		Refresher:      enum(m.Key("refresher"), RefresherUAC, RefresherUAC, RefresherUAS),
		EarlyMedia:     enum(m.Key("early_media"), EarlyPlain, EarlyPEM, EarlyPlain, EarlyOff),
		Announce:       enum(m.Key("announce"), AnnounceEarly, AnnounceEarly, AnnounceAnswer, AnnounceNone),
		Hold:           enum(m.Key("hold"), HoldRelay, HoldAbsorb, HoldRelay),
		Refer:          enum(m.Key("refer"), ReferRefuse, ReferRefuse, ReferPass, ReferConsume),
		Redirect:       enum(m.Key("redirect"), RedirectRefuse, RedirectRefuse, RedirectFollow),
		Info:           contentTypes(m.Key("info")),
		OverMTU:        enum(m.Key("over_mtu"), MTUFragment, MTUToTCP, MTUFragment, MTUTrim),
		SourcePort5060: m.Key("source_port_5060").Bool(false),
		Options:        options(m.Key("options").Map()),
		Failover:       failover(m.Key("failover").Map()),
	}
	// RFC 4028 §5: Session-Expires below Min-SE would be refused by ourselves,
	// and Min-SE has a floor of 90 seconds.
	least := m.Key("min_se")
	s.MinSE = least.Duration(90*time.Second, 90*time.Second, 24*time.Hour)
	if s.MinSE > s.SessionExpires {
		least.Faultf("is longer than session_expires")
	}
	return s
}

// contentTypes reads media types by their names. A session description in an
// INFO would change a session past offer and answer.
func contentTypes(v document.Value) []ContentType {
	var list []ContentType
	for _, item := range v.List() {
		name := item.Required().String("")
		t := ContentType(strings.ToLower(name))
		kind, subtype, ok := strings.Cut(string(t), "/")
		switch {
		case name == "": // a fault already
		case !ok || !mediaWord(kind) || !mediaWord(subtype):
			item.Faultf("%q is no type/subtype", name)
		case t == "application/sdp":
			item.Faultf("a session is described in offer and answer, never in INFO")
		case slices.Contains(list, t):
			item.Faultf("%s stands here twice", t)
		default:
			list = append(list, t)
		}
	}
	return list
}

// mediaWord accepts what RFC 6838 §4.2 calls a restricted-name.
func mediaWord(s string) bool {
	return s != "" && len(s) <= 127 && strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && !strings.ContainsRune("!#$&-^_.+", r)
	}) < 0
}

func options(m *document.MapReader) Options {
	return Options{
		Interval:  m.Key("interval").Duration(0, 0, time.Hour),
		DownAfter: m.Key("down_after").Int(3, 1, 100),
		UpAfter:   m.Key("up_after").Int(2, 1, 100),
		Answer:    m.Key("answer").Bool(true),
	}
}

func failover(m *document.MapReader) Failover {
	f := Failover{
		Answer: m.Key("answer").Duration(1700*time.Millisecond, 100*time.Millisecond, 32*time.Second),
		Budget: m.Key("budget").Duration(10*time.Second, 0, 180*time.Second),
	}
	on := m.Key("on")
	if !on.Written() {
		// The failures of a server (RFC 3261 §21.5) that are not the request's.
		f.On = []int{500, 502, 503, 504}
		return f
	}
	for _, item := range on.List() {
		status := item.Required().Int(503, 400, 699)
		switch {
		case status >= 600, status == 486, status == 487:
			item.Faultf("%d speaks of the party called: another peer would only ring it again", status)
		case status == 401, status == 407:
			item.Faultf("%d asks for credentials, not for another peer", status)
		case slices.Contains(f.On, status):
			item.Faultf("%d stands here twice", status)
		}
		f.On = append(f.On, status)
	}
	return f
}

func media(m *document.MapReader) Media {
	dscp := m.Key("dscp").Map()
	return Media{
		Codecs:         enums(m.Key("codecs"), []Codec{PCMU}, PCMU, PCMA),
		Ptime:          m.Key("ptime").Int(20, 10, 60),
		TelephoneEvent: m.Key("telephone_event").Int(101, 96, 127),
		OfferEvent:     m.Key("offer_event").Bool(true),
		SRTP:           enum(m.Key("srtp"), SRTPOff, SRTPOff, SRTPOptional, SRTPRequire),
		SRTPSuites:     ReadSuites(m.Key("srtp_suites")),
		DSCP:           DSCP{SIP: dscp.Key("sip").Int(32, 0, 63), RTP: dscp.Key("rtp").Int(46, 0, 63)},
	}
}

// ReadSuites reads the crypto-suites to offer and accept, in order. The default
// are the two that every peer with SRTP has one of, with the lesser cost first:
// each makes an INVITE about 90 bytes longer.
func ReadSuites(v document.Value) []SRTPSuite {
	return enums(v, []SRTPSuite{AES128GCM, AES128CM80}, AES128GCM, AES256GCM, AES128CM80, AES256CM80, AES128CM32, AES256CM32)
}

func dtmf(m *document.MapReader) DTMF {
	return DTMF{
		StarFilter: enum(m.Key("star_filter"), StarOff, StarOff, StarSwallow, StarDedupe),
		StarGap:    m.Key("star_gap").Duration(600*time.Millisecond, 100*time.Millisecond, 3*time.Second),
		StarLong:   m.Key("star_long").Duration(1200*time.Millisecond, 300*time.Millisecond, 5*time.Second),
		OddStar:    enum(m.Key("odd_star"), OddSwallow, OddSwallow, OddRelease),
		Inband:     enum(m.Key("inband"), InbandAuto, InbandAuto, InbandOn, InbandOff),
		TowardCore: enum(m.Key("toward_core"), CoreRFC4733, CoreRFC4733, CoreINFO),
	}
}

// assumed keeps the list honest: a path that leads nowhere says nothing.
func assumed(v document.Value, root *document.Node) []string {
	var list []string
	for _, item := range v.List() {
		path := item.Required().String("")
		if path != "" && root.At(path) == nil {
			item.Faultf("%q is no key of this profile", path)
			continue
		}
		list = append(list, path)
	}
	return list
}

// allowed reads classes by their word and special numbers, "117", one by one.
func allowed(v document.Value) number.Allowed {
	var set number.Allowed
	for _, item := range v.List() {
		word := item.Required().String("")
		if c, ok := number.ParseClass(word); ok && c.Grantable() {
			set = set.WithClass(c)
			continue
		}
		n, err := number.Parse(word)
		more, ok := set.WithSpecial(n)
		if err != nil || !ok {
			item.Faultf("%q is no class or special number that can be allowed", word)
			continue
		}
		set = more
	}
	return set
}

// some is enums for a setting whose empty list means none.
func some[T ~string](v document.Value, def []T, words ...T) []T {
	if v.Kind() == document.List && len(v.List()) == 0 {
		return nil
	}
	return enums(v, def, words...)
}

// maxPassed bounds how many headers pass: each makes a request longer, and one
// over 1,300 octets no longer fits UDP (RFC 3261 §18.1.1).
const maxPassed = 8

// passed reads names of headers. A header that this border writes itself, or
// that a machine on the way acts on, is none of them.
func passed(v document.Value) []PassedHeader {
	var list []PassedHeader
	for _, item := range v.List() {
		name := item.Required().String("")
		switch {
		case name == "": // a fault already
		case !mayPass(name):
			item.Faultf("%q is neither User-to-User nor an X- name", name)
		case len(list) == maxPassed:
			item.Faultf("is one too many, %d may pass", maxPassed)
		case slices.ContainsFunc(list, func(p PassedHeader) bool { return strings.EqualFold(string(p), name) }):
			item.Faultf("%s stands here twice", name)
		default:
			list = append(list, PassedHeader(name))
		}
	}
	return list
}

// mayPass accepts a token (RFC 3261 §25.1) of letters, digits and hyphens.
func mayPass(name string) bool {
	if strings.EqualFold(name, "User-to-User") {
		return true
	}
	if len(name) < 3 || len(name) > 64 || !strings.EqualFold(name[:2], "X-") {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// enum reads one of the words of a setting.
func enum[T ~string](v document.Value, def T, words ...T) T {
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = string(w)
	}
	return T(v.Enum(string(def), plain...))
}

// enums reads a list of words, none twice. An empty list is a fault: a setting
// that lists what may be used must leave something.
func enums[T ~string](v document.Value, def []T, words ...T) []T {
	if !v.Present() {
		return def
	}
	var list []T
	for _, item := range v.List() {
		w := enum(item.Required(), "", words...)
		for _, earlier := range list {
			if w == earlier {
				item.Faultf("%s stands here twice", w)
			}
		}
		list = append(list, w)
	}
	if len(list) == 0 {
		v.Faultf("is empty")
	}
	return list
}

// hostname accepts "" and what RFC 3261 §25.1 calls hostname.
func hostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case (c == '-' || c == '.') && i > 0 && i < len(s)-1 && s[i-1] != '.':
		default:
			return false
		}
	}
	return true
}

package config

import (
	"strings"
	"testing"
)

// Each case is testdata/base.yaml with one edit. All faults of the edit are
// listed, so a fault that another one drags along shows up here.
func TestFaults(t *testing.T) {
	base := baseFile(t)
	cases := []struct {
		name     string
		old, new string
		want     []string
	}{
		{"unknown key at the top", "log: {level: info}", "logs: {level: info}", []string{
			`f:79: logs: unknown key; did you mean "log"?`,
		}},
		{"unknown key inside", "limits: {calls: 100, cps: 20}", "limits: {calls: 100, cpd: 20}", []string{
			`f:27: trunks.docomo.limits.cpd: unknown key; did you mean "cps"?`,
		}},
		{"no YAML at all", "border:\n", "border: {\n", []string{
			`f:8: not YAML: ',' or '}' must be specified`,
		}},
		{"duplicate key", "    channels: 5", "    domain: t2.example\n    channels: 5", []string{
			`f:49: tenants.t1.domain: written twice; first in line 47`,
		}},
		{"section missing", "border:\n", "boarder:\n", []string{
			`f:1: boarder: unknown key; did you mean "border"?`,
			`f:1: border: missing`,
		}},
		{"number without quotes", `default_number: "0300000100"`, `default_number: 0300000100`, []string{
			`f:48: tenants.t1.default_number: put it in quotes: "0300000100"; a bare number loses its leading zeros`,
		}},
		{"duration without unit", "setup: 180s", "setup: 180", []string{
			`f:75: timers.setup: 180 has no unit; write it as in 180s`,
		}},
		{"duration out of range", "setup: 180s", "setup: 2s", []string{
			`f:75: timers.setup: 2s is not between 10s and 10m0s`,
		}},
		{"unknown word", "log: {level: info}", "log: {level: loud}", []string{
			`f:79: log.level: "loud" is not one of debug, info, warn, error`,
		}},
		{"secret written out", "password: {env: PHONE_1001}", "password: hunter2", []string{
			`f:63: tenants.t1.phones.1001.password: a secret is never written here; use {env: NAME} or {file: PATH}`,
		}},
		{"name", "  west:", "  West End:", []string{
			`f:3: border.listen.West End: a name is 1 to 32 lower-case letters, digits, - and _, and begins with a letter or digit`,
			`f:23: trunks.docomo.listen: no listener is called "west"`,
			`f:31: trunks.au.listen: no listener is called "west"`,
			`f:38: trunks.pstn.listen: no listener is called "west"`,
		}},
		{"no transport", `seam: ["udp:127.0.0.1:5070"]`, `seam: ["127.0.0.1:5070"]`, []string{
			`f:14: core.seam[0]: "127.0.0.1:5070" does not begin with a transport, as in "udp:192.0.2.1:5060"`,
		}},
		{"transport not carried", `sip: "udp:127.0.0.1:5061"`, `sip: "tcp:127.0.0.1:5061"`, []string{
			`f:7: border.listen.east.sip: SIP is carried over udp only, not tcp`,
		}},
		{"a core that is down at once", `seam: ["udp:127.0.0.1:5070"]`, "seam: [\"udp:127.0.0.1:5070\"]\n  options: {down_after: 0}", []string{
			`f:15: core.options.down_after: 0 is not between 1 and 100`,
		}},
		{"failover after a decline", "profile: au\n", "profile: au\n    override: {sip.failover.on: [503, 603]}\n", []string{
			`f:30: trunks.au.override.sip.failover.on[1]: 603 speaks of the party called: another peer would only ring it again`,
		}},
		{"host name for an address", `to: ["udp:127.0.0.1:6002"]`, `to: ["udp:au.example:6002"]`, []string{
			`f:32: trunks.au.to[0]: "au.example:6002" is not an IP address and port`,
		}},
		{"port 0 to send to", `to: ["udp:127.0.0.1:6002"]`, `to: ["udp:127.0.0.1:0"]`, []string{
			`f:32: trunks.au.to[0]: port 0 reaches nobody`,
		}},
		{"wildcard to send to", `to: ["udp:127.0.0.1:6002"]`, `to: ["udp:0.0.0.0:6002"]`, []string{
			`f:32: trunks.au.to[0]: 0.0.0.0 is no address to send to`,
		}},
		{"wildcard without advertise", `sip: "udp:127.0.0.1:5061"`, `sip: "udp:0.0.0.0:5161"`, []string{
			`f:7: border.listen.east.sip: listens on every address; say in advertise which one peers are told`,
		}},
		{"wildcard advertised", `advertise: "127.0.0.1"`, `advertise: "0.0.0.0"`, []string{
			`f:5: border.listen.west.advertise: 0.0.0.0 tells peers nothing`,
		}},
		{"advertise of the other version", `advertise: "127.0.0.1"`, `advertise: "2001:db8::1"`, []string{
			`f:5: border.listen.west.advertise: 2001:db8::1 is of another IP version than 127.0.0.1, where it listens`,
		}},
		{"multicast", `seam: ["udp:127.0.0.1:5070"]`, `seam: ["udp:224.0.0.1:5070"]`, []string{
			`f:14: core.seam[0]: 224.0.0.1 is a multicast address`,
		}},
		{"zone", `seam: ["udp:127.0.0.1:5070"]`, `seam: ["udp:[fe80::1%eth0]:5070"]`, []string{
			`f:14: core.seam[0]: fe80::1%eth0: addresses with a zone are not used here`,
		}},
		{"media wildcard", "    addresses: [127.0.0.1]", "    addresses: [0.0.0.0]", []string{
			`f:9: border.media.addresses[0]: 0.0.0.0 cannot be written into SDP; name each address`,
		}},
		{"odd first port", "ports: 20000-29999", "ports: 20001-29999", []string{
			`f:10: border.media.ports: begins with the odd port 20001; RTP takes the even port of a pair`,
		}},
		{"no range", "ports: 20000-29999", "ports: 20000", []string{
			`f:10: border.media.ports: "20000" is not a range of ports such as 20000-29999`,
		}},
		{"range backwards", "ports: 20000-29999", "ports: 20000-19999", []string{
			`f:10: border.media.ports: 20000-19999 holds no pair of ports`,
		}},
		{"privileged media ports", "ports: 20000-29999", "ports: 1000-1999", []string{
			`f:10: border.media.ports: ports below 1024 are not for media`,
		}},
		{"prefix with host bits", "from: [\"127.0.0.1/32:6002\"]", "from: [\"127.0.0.1/24:6002\"]", []string{
			`f:33: trunks.au.from[0]: 127.0.0.1/24 has bits beyond its length; write 127.0.0.0/24`,
		}},
		{"source is everybody", "from: [\"127.0.0.1/32:6002\"]", "from: [\"0.0.0.0/0\"]", []string{
			`f:33: trunks.au.from[0]: 0.0.0.0/0 is everybody; a trunk is identified by where it comes from`,
		}},
		{"source port", "from: [\"127.0.0.1/32:6002\"]", "from: [\"127.0.0.1/32:sip\"]", []string{
			`f:33: trunks.au.from[0]: "sip" is not a port`,
		}},
		{"source of the other version", "from: [\"127.0.0.1/32:6002\"]", "from: [\"[2001:db8::/32]:6002\"]", []string{
			`f:33: trunks.au.from[0]: 2001:db8:: is of another IP version than listener west`,
		}},
		{"no source", "from: [\"127.0.0.1/32:6002\"]", "from: []", []string{
			"f:33: trunks.au.from: identifies nobody; leave it out to use the addresses of `to`",
		}},
		{"listeners on one port", `sip: "udp:127.0.0.1:5061"`, `sip: "udp:127.0.0.1:5060"`, []string{
			`f:7: border.listen.east.sip: listener east overlaps listener west of line 4 on 127.0.0.1`,
		}},
		{"media ranges share ports", "ports: 30000-31999", "ports: 29998-31999", []string{
			`f:17: core.media.addresses[0]: core media 29998-31999 overlaps border media 20000-29999 of line 9 on 127.0.0.1`,
		}},
		{"listener inside the media range", `phones: ["udp:127.0.0.1:5080"]`, `phones: ["udp:127.0.0.1:20010"]`, []string{
			`f:15: core.phones[0]: phones' listener overlaps border media 20000-29999 of line 9 on 127.0.0.1`,
		}},
		{"trunk is ourselves", `to: ["udp:127.0.0.1:6002"]`, `to: ["udp:127.0.0.1:5060"]`, []string{
			`f:32: trunks.au.to[0]: 127.0.0.1:5060 is our own listener west of line 4: calls would loop`,
		}},
		{"phone is ourselves", `contact: "udp:127.0.0.1:6101"`, `contact: "udp:127.0.0.1:5070"`, []string{
			`f:63: tenants.t1.phones.1001.contact: 127.0.0.1:5070 is our own core seam of line 14: calls would loop`,
		}},
		{"one source, two trunks", `from: ["127.0.0.1/32:6002"]`, `from: ["127.0.0.1/32:6001"]`, []string{
			`f:33: trunks.au.from[0]: source 127.0.0.1/32:6001 is also trunk docomo's (127.0.0.1/32:6001 in line 25): a call from there would be either's; add ports or use another listener`,
		}},
		{"any port beside a port", `from: ["127.0.0.1/32:6002"]`, `from: ["127.0.0.1"]`, []string{
			`f:33: trunks.au.from[0]: source 127.0.0.1/32 is also trunk docomo's (127.0.0.1/32:6001 in line 25): a call from there would be either's; add ports or use another listener`,
			`f:40: trunks.pstn.from[0]: source 127.0.0.1/32:6004 is also trunk au's (127.0.0.1/32 in line 33): a call from there would be either's; add ports or use another listener`,
		}},
		{"a trunk that could be the core", "    listen: west\n    to: [\"udp:127.0.0.1:6002\"]\n    from: [\"127.0.0.1/32:6002\"]", "    listen: east\n    to: [\"udp:127.0.0.1:6002\"]\n    from: [\"127.0.0.1:5070\"]", []string{
			`f:33: trunks.au.from[0]: source 127.0.0.1/32:5070 is also the core's (127.0.0.1/32:5070 in line 14): a call from there would be either's; add ports or use another listener`,
		}},
		{"unknown listener", "listen: east", "listen: eats", []string{
			`f:13: core.listen: no listener is called "eats"`,
		}},
		{"listener not named", "  listen: east", "", []string{
			`f:11: core.listen: missing`,
		}},
		{"unknown trunk", "outbound: [pstn]", "outbound: [psnt]", []string{
			`f:50: tenants.t1.outbound[0]: no trunk is called "psnt"`,
		}},
		{"trunk twice", "outbound: [pstn]", "outbound: [pstn, pstn]", []string{
			`f:50: tenants.t1.outbound[1]: pstn is given twice; first in line 50`,
		}},
		{"mobile trunk for external calls", "outbound: [pstn]", "outbound: [docomo]", []string{
			`f:50: tenants.t1.outbound[0]: trunk docomo is for mobiles only; external calls need a trunk of role pstn or both`,
		}},
		{"unknown profile", "profile: au\n", "profile: aus\n", []string{
			`f:29: trunks.au.profile: no built-in profile is called "aus" (there are docomo, au, softbank, generic, ntt-ngn); the path of a file has a slash in it`,
		}},
		{"profile file missing", "profile: au\n", "profile: ./none.yaml\n", []string{
			`f:29: trunks.au.profile: cannot read the profile: open ./none.yaml: no such file or directory`,
		}},
		{"override of no key", "egress.cli_passthrough: false", "egress.cli_passthru: false", []string{
			`f:44: trunks.pstn.override.egress.cli_passthru: unknown key; did you mean "cli_passthrough"?`,
		}},
		{"override of the wrong kind", "egress.cli_passthrough: false", "egress.cli_passthrough: maybe", []string{
			`f:44: trunks.pstn.override.egress.cli_passthrough: wants true or false, not "maybe"`,
		}},
		{"R6", "      2001: {msisdn", "      1500: {msisdn", []string{
			`f:56: tenants.t1.numbers.0300000121: no extension 2001 in this tenant`,
			`f:60: tenants.t1.mobiles.1500: a mobile's extension is 2000 to 3999, whatever its carrier (R6)`,
			`f:66: tenants.t1.groups.3701.members[0]: no extension 2001 in this tenant`,
			`f:68: tenants.t1.call_centres.3801.members[1]: no extension 2001 in this tenant`,
		}},
		{"R6, 4000", "      2002: {msisdn", "      4000: {msisdn", []string{
			`f:61: tenants.t1.mobiles.4000: "4000" is no extension (1000 to 3999)`,
			`f:66: tenants.t1.groups.3701.members[1].ext: no extension 2002 in this tenant`,
		}},
		{"R7", "carrier: au}", "carrier: rakuten}", []string{
			`f:61: tenants.t1.mobiles.2002.carrier: "rakuten": only docomo, au and softbank corporate contracts are supported (R7)`,
		}},
		{"an IVR", "    groups:\n", "    ivrs:\n      3901: {options: {1: 3902, x: 3701, 2: 3999}}\n      3902: {options: {}}\n    groups:\n", []string{
			`f:66: tenants.t1.ivrs.3901.options.1: 3902 is not a mobile, a phone, a group or a call centre; IVRs do not nest`,
			`f:66: tenants.t1.ivrs.3901.options.x: "x" is no key of a telephone`,
			`f:66: tenants.t1.ivrs.3901.options.2: no extension 3999 in this tenant`,
			`f:67: tenants.t1.ivrs.3902.options: an IVR without keys leads nowhere`,
		}},
		{"a group with nowhere to go", "strategy: all,", "strategy: all, unreached: next,", []string{
			`f:66: tenants.t1.groups.3701.unreached: next is the overflow, and there is none`,
		}},
		{"groups that overflow in a ring", "strategy: all,", "strategy: all, overflow: 3801,", []string{
			`f:66: tenants.t1.groups.3701.overflow: overflows come back to 3701`,
			`f:68: tenants.t1.call_centres.3801.overflow: overflows come back to 3801`,
		}},
		{"a name that reads backwards", "carrier: docomo", `carrier: docomo, name: "a\u202eb"`, []string{
			`f:60: tenants.t1.mobiles.2001.name: a name is written in letters that show`,
		}},
		{"a name too long", "carrier: docomo", `carrier: docomo, name: "` + strings.Repeat("x", 81) + `"`, []string{
			`f:60: tenants.t1.mobiles.2001.name: a name has at most 80 bytes`,
		}},
		{"R7 by profile", "profile: au\n", "profile: generic\n", []string{
			`f:29: trunks.au.profile: profile of carrier "other" on a trunk for mobiles: only docomo, au and softbank contracts are supported (R7)`,
		}},
		{"R50", "      1002: {kind: desk", "      1185: {kind: desk, contact: \"udp:127.0.0.1:6103\"}\n      1002: {kind: desk", []string{
			`f:64: tenants.t1.phones.1185: an au mobile that dials this extension may reach 110, 118 or 119 (R50); the tenant's first au mobile is in line 61`,
		}},
		{"R50 for a group", "      3701: {strategy", "      1199: {members: [1001]}\n      3701: {strategy", []string{
			`f:66: tenants.t1.groups.1199: an au mobile that dials this extension may reach 110, 118 or 119 (R50); the tenant's first au mobile is in line 61`,
		}},
		{"R50 for a call centre", "      3801: {members", "      1100: {members: [1001]}\n      3801: {members", []string{
			`f:68: tenants.t1.call_centres.1100: an au mobile that dials this extension may reach 110, 118 or 119 (R50); the tenant's first au mobile is in line 61`,
		}},
		{"R61", "emergency: refuse", "emergency: route:pstn", []string{
			`f:51: tenants.t1.emergency: trunk pstn may not carry 110, 118 and 119: it is not marked emergency_capable (R61)`,
		}},
		{"R61, unknown trunk", "emergency: refuse", "emergency: route:ntt", []string{
			`f:51: tenants.t1.emergency: no trunk is called "ntt"`,
		}},
		{"R61, no such word", "emergency: refuse", "emergency: maybe", []string{
			`f:51: tenants.t1.emergency: "maybe" is neither refuse nor route:<trunk>`,
		}},
		{"R61 on a mobile trunk", "    role: mobile", "    emergency_capable: true\n    role: mobile", []string{
			`f:22: trunks.docomo.emergency_capable: a mobile trunk never carries 110, 118 or 119: the handset reaches them without us (R61)`,
		}},
		{"number given twice", `"0300000137": 3701`, `"+81300000121": 3701`, []string{
			`f:57: tenants.t1.numbers.+81300000121: 0300000121 is given twice; first in line 56`,
			`f:66: tenants.t1.groups.3701.number: 0300000137 is not among the tenant's numbers`,
		}},
		{"no such number", `default_number: "0300000100"`, `default_number: "030000"`, []string{
			`f:48: tenants.t1.default_number: "030000" is too short in the number plan`,
		}},
		{"number not public", `default_number: "0300000100"`, `default_number: "119"`, []string{
			`f:48: tenants.t1.default_number: 119 is emergency, not a number of the public network`,
		}},
		{"extension given twice", "      1002: {kind", "      2002: {kind", []string{
			`f:64: tenants.t1.phones.2002: 2002 is given twice; first in line 61`,
			`f:66: tenants.t1.groups.3701.members[2]: no extension 1002 in this tenant`,
		}},
		{"MSISDN given twice", `msisdn: "09000002002"`, `msisdn: "+819000002001"`, []string{
			`f:61: tenants.t1.mobiles.2002.msisdn: 09000002001 is given twice; first in line 60`,
		}},
		{"MSISDN is a fixed number", `msisdn: "09000002002"`, `msisdn: "0300009001"`, []string{
			`f:61: tenants.t1.mobiles.2002.msisdn: 0300009001 is no mobile number (060, 070, 080 or 090 and 8 digits)`,
		}},
		{"number that is not ours", `carrier: docomo, number: "0300000121"`, `carrier: docomo, number: "0300009001"`, []string{
			`f:60: tenants.t1.mobiles.2001.number: 0300009001 is not among the tenant's numbers`,
		}},
		{"member is a group", "members: [1001, 2001]", "members: [1001, 3701]", []string{
			`f:68: tenants.t1.call_centres.3801.members[1]: 3701 is not a mobile or a phone; groups do not nest`,
		}},
		{"member twice", "members: [1001, 2001]", "members: [1001, 1001]", []string{
			`f:68: tenants.t1.call_centres.3801.members[1]: 1001 is given twice; first in line 68`,
		}},
		{"no members", "members: [1001, 2001]", "members: []", []string{
			`f:68: tenants.t1.call_centres.3801.members: a group without members rings nobody`,
		}},
		{"overflow to itself", "overflow: 3701", "overflow: 3801", []string{
			`f:68: tenants.t1.call_centres.3801.overflow: overflows come back to 3801`,
		}},
		{"accepted otherwise", "timeout: 60s, number: \"0300000137\"", "timeout: 60s, accept: press, number: \"0300000137\"", []string{
			`f:66: tenants.t1.groups.3701.accept: "press" is not one of answer, key`,
		}},
		{"park slots backwards", "first: 701, last: 720", "first: 721, last: 720", []string{
			`f:53: tenants.t1.park.last: 720 is below the first slot, 721`,
		}},
		{"features that are no answer", `carrier: docomo, number: "0300000121"`, `carrier: docomo, features: some, number: "0300000121"`, []string{
			`f:60: tenants.t1.mobiles.2001.features: wants true or false, not "some"`,
		}},
		{"a feature that there is not", "    channels: 5", "    channels: 5\n    features: {press_thrice: true}", []string{
			`f:50: tenants.t1.features.press_thrice: unknown key; did you mean "press_twice"?`,
		}},
		{"domain", "domain: t1.example", "domain: t1_example", []string{
			`f:47: tenants.t1.domain: "t1_example" is not a domain name`,
		}},
		{"channels", "    channels: 5", "", []string{
			`f:46: tenants.t1.channels: missing`,
		}},
		{"number of another tenant", "timers:", "  t2: {domain: t2.example, default_number: \"0300000121\"}\ntimers:", []string{
			`f:69: tenants.t2.default_number: 0300000121 is a number of tenant t1`,
		}},
		{"domain of another tenant", "timers:", "  t2: {domain: T1.example, default_number: \"0300000200\"}\ntimers:", []string{
			`f:69: tenants.t2.domain: t1.example is given twice; first in line 47`,
		}},
		{"source twice", `from: ["127.0.0.1/32:6002"]`, `from: ["127.0.0.1/32:6002", "127.0.0.1:6002"]`, []string{
			`f:33: trunks.au.from[1]: source 127.0.0.1/32:6002 overlaps 127.0.0.1/32:6002 of line 33`,
		}},
		{"trunk is ourselves behind the NAT", `advertise: "127.0.0.1"`, `advertise: "127.0.0.1:6002"`, []string{
			`f:32: trunks.au.to[0]: 127.0.0.1:6002 is our own advertised listener west of line 5: calls would loop`,
		}},
		{"channels with an empty section", "    channels: 5\n", "    channels:\n", []string{
			`f:49: tenants.t1.channels: is empty`,
		}},
		{"profile of the wrong kind", "profile: au\n", "profile: [au]\n", []string{
			`f:29: trunks.au.profile: wants text, not a list`,
		}},
		{"trunk that is no map", "  pstn:\n    profile: generic", "  x: y\n  pstn:\n    profile: generic", []string{
			`f:35: trunks.x: wants a map, not "y"`,
		}},
		{"overflow in a ring", "overflow: 3701, number: \"0300000138\"}", "overflow: 3802}\n      3802: {members: [1001], overflow: 3801}", []string{
			`f:68: tenants.t1.call_centres.3801.overflow: overflows come back to 3801`,
			`f:69: tenants.t1.call_centres.3802.overflow: overflows come back to 3802`,
		}},
		{"embedded core at two addresses", `seam: ["udp:127.0.0.1:5070"]`, `seam: ["udp:127.0.0.1:5070", "udp:127.0.0.1:5071"]`, []string{
			`f:14: core.seam[1]: the embedded core listens at one address`,
		}},
		{"no listener at all", "  listen:\n    west:", "  listen: {}\n  x:\n    west:", []string{
			`f:2: border.listen: at least one listener is needed`,
			`f:3: border.x: unknown key`,
		}},
		{"phone that nobody can reach", `contact: "udp:127.0.0.1:6101", password: {env: PHONE_1001}`, `number: "0300000100"`, []string{
			`f:63: tenants.t1.phones.1001: needs a contact, or a password to register with`,
		}},
		{"metrics on the listener of another", "127.0.0.1:9100", "127.0.0.1", []string{
			`f:78: metrics.listen: "127.0.0.1" is not an IP address and port`,
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(base, c.old) {
				t.Fatalf("base.yaml has no %q", c.old)
			}
			var got []string
			for _, f := range faultsOf(t, strings.Replace(base, c.old, c.new, 1)) {
				got = append(got, f.Error())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

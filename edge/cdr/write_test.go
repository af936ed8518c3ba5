package cdr

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// A line is byte for byte what encoding/json makes of the record, whatever its
// fields hold: one that Append forgets shows here.
func TestAppendIsJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	check := func(r *Record) {
		t.Helper()
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Append([]byte("before "))
		if err != nil || string(got) != "before "+string(want)+"\n" {
			t.Fatalf("got  %swant before %s", got, want)
		}
	}
	check(&Record{})
	for range 2000 {
		var r Record
		fill(random, reflect.ValueOf(&r).Elem())
		check(&r)
	}
}

// fill gives each field a value, or leaves it empty.
func fill(random *rand.Rand, v reflect.Value) {
	if random.IntN(4) == 0 && v.Kind() != reflect.Struct {
		return
	}
	switch v.Kind() {
	case reflect.String:
		b := make([]byte, random.IntN(6))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		s := string(b)
		if random.IntN(3) == 0 {
			s += "関\u2028\u2029\ufffd<a&b>\"\\\x7f"
		}
		v.SetString(s)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(int64(random.Uint64()) >> (64 - v.Type().Bits()))
	case reflect.Float64:
		v.SetFloat(random.Float64())
	case reflect.Array:
		for i := range v.Len() {
			fill(random, v.Index(i))
		}
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(random.Uint64() & (1<<v.Type().Bits() - 1))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(random, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+random.IntN(3), 3))
		for i := range v.Len() {
			fill(random, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			zone := time.FixedZone("", random.IntN(100)*60)
			v.Set(reflect.ValueOf(time.Unix(random.Int64N(1<<32), random.Int64N(1e9)).In(zone)))
			return
		}
		for i := range v.NumField() {
			fill(random, v.Field(i))
		}
	default:
		panic("a kind that fill does not know: " + v.Kind().String())
	}
}

// A record that cannot be written leaves nothing of itself behind.
func TestAppendOfNoNumber(t *testing.T) {
	r := Record{A: Leg{Quality: &Media{In: Heard{Silence: math.NaN()}}}}
	if got, err := r.Append([]byte("before ")); err == nil || string(got) != "before " {
		t.Errorf("%q, %v", got, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	at := time.Unix(1_700_000_000, 123_456_789)
	r := Record{
		ID: "0123456789abcdef", SessionID: "00112233445566778899aabbccddeeff", Application: "border", Tenant: "t1", Kind: "mobile",
		Start: at, Ringing: &at, Answered: &at, End: at, Caller: "+819000002001", Called: "+81300009001",
		A: Leg{Trunk: "docomo", CallID: "4711@203.0.113.1", Remote: "203.0.113.1:5060", Side: "remote", Q850: 16},
		B: &Leg{CallID: "0123456789@192.0.2.1", Remote: "198.51.100.1:5060", Side: "local", Q850: 16},
	}
	b.ReportAllocs()
	var line []byte
	for b.Loop() {
		line, _ = r.Append(line[:0])
	}
}

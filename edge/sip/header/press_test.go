package header

import "testing"

func TestPress(t *testing.T) {
	for body, want := range map[string]Press{
		"Signal= 5\r\nDuration= 160\r\n": {Key: '5', Duration: 160},
		"signal=*\nduration=250":         {Key: '*', Duration: 250},
		"Signal=11\r\nDuration=x":        {Key: '#'},
		"Signal=d\r\nDuration=70000\r\n": {Key: 'D'},
		"5":                              {Key: '5'},
		" # \r\n":                        {Key: '#'},
		"Signal=10\r\nVolume=3\r\n":      {Key: '*'},
	} {
		if got, err := ParsePress([]byte(body)); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", body, got, err, want)
		}
	}
	for _, body := range []string{"", "Signal=", "Signal=12\r\n", "Signal=16", "55", "Duration=5", "hello", "Signal=\x00"} {
		if got, err := ParsePress([]byte(body)); err == nil {
			t.Errorf("%q: %+v", body, got)
		}
	}
	for _, p := range []Press{{Key: '#', Duration: 90}, {Key: '0'}} {
		again, err := ParsePress([]byte(p.String()))
		if err != nil || again.Key != p.Key || p.Duration != 0 && again != p {
			t.Errorf("%+v came back as %+v, %v", p, again, err)
		}
	}
}

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Record is what a trial reads of a call record.
type Record struct {
	ID          string     `json:"id"`
	Application string     `json:"application"` // border or core
	Start       time.Time  `json:"start"`
	Answered    *time.Time `json:"answered"`
	TalkMS      int64      `json:"talk_ms"`
	Caller      string     `json:"caller"`
	Called      string     `json:"called"`
	A           RecordLeg  `json:"a"`
	B           *RecordLeg `json:"b"`
}

// RecordLeg is one leg of a Record: who ended it, and how. Received, Sent and Lost
// count RTP packets, Forged what was not authentic.
type RecordLeg struct {
	Side     string `json:"side"`
	Status   int    `json:"status"`
	Q850     int    `json:"q850"`
	CallID   string `json:"call_id"`
	Trunk    string `json:"trunk"`
	Received uint64 `json:"rtp_received"`
	Sent     uint64 `json:"rtp_sent"`
	Lost     int64  `json:"rtp_lost"`
	SRTP     string `json:"srtp"`
	Forged   uint64 `json:"srtp_forged"`
}

// ReadRecords returns the records of a CDR file in order; each line must be
// one whole record.
func ReadRecords(path string) ([]Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []Record
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("record %d: %w in %q", len(all)+1, err, lines.Bytes())
		}
		all = append(all, r)
	}
	return all, lines.Err()
}

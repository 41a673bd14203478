// Indigo's own packages read a relay from its beginning, once with each of two of its schedulers, and verify each
// commit and #sync as they do it: the signature by the DID's key of today, and the operations against the tree.
//
//	reader wss://relay http://plc  ->  {"sequential": ["did rev action path", ...], "parallel": [...], "faults": [...]}
//
// How it is built stands in test_indigo.py.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/bluesky-social/indigo/api/atproto"
	"github.com/bluesky-social/indigo/atproto/identity"
	"github.com/bluesky-social/indigo/atproto/repo"
	"github.com/bluesky-social/indigo/events"
	"github.com/bluesky-social/indigo/events/schedulers/parallel"
	"github.com/bluesky-social/indigo/events/schedulers/sequential"
	"github.com/gorilla/websocket"
)

const quiet = 5 * time.Second

type reading struct {
	sync.Mutex
	directory identity.BaseDirectory
	lines     []string
	faults    []string
	lastAt    time.Time
}

func (r *reading) note(line string) {
	r.Lock()
	defer r.Unlock()
	r.lines, r.lastAt = append(r.lines, line), time.Now()
}

func (r *reading) verified(did, rev, what string, fault error) {
	if fault == nil {
		return
	}
	r.Lock()
	defer r.Unlock()
	r.faults = append(r.faults, fmt.Sprintf("%s %s %s: %s", did, rev, what, fault))
}

func (r *reading) callbacks(ctx context.Context) *events.RepoStreamCallbacks {
	return &events.RepoStreamCallbacks{
		RepoCommit: func(evt *atproto.SyncSubscribeRepos_Commit) error {
			for _, op := range evt.Ops {
				r.note(fmt.Sprintf("%s %s %s %s", evt.Repo, evt.Rev, op.Action, op.Path))
			}
			_, fault := repo.VerifyCommitMessage(ctx, evt)
			r.verified(evt.Repo, evt.Rev, "operations", fault)
			r.verified(evt.Repo, evt.Rev, "signature", repo.VerifyCommitSignature(ctx, &r.directory, evt))
			return nil
		},
		RepoSync: func(evt *atproto.SyncSubscribeRepos_Sync) error {
			r.note(evt.Did + " sync")
			_, fault := repo.VerifySyncMessage(ctx, &r.directory, evt)
			r.verified(evt.Did, evt.Rev, "signature", fault)
			return nil
		},
		RepoIdentity: func(evt *atproto.SyncSubscribeRepos_Identity) error {
			r.note(evt.Did + " identity")
			return nil
		},
		RepoAccount: func(evt *atproto.SyncSubscribeRepos_Account) error {
			r.note(evt.Did + " account")
			return nil
		},
	}
}

// Until nothing has come for some seconds.
func read(url, plc string, schedule func(func(context.Context, *events.XRPCStreamEvent) error) events.Scheduler) *reading {
	ctx, cancel := context.WithCancel(context.Background())
	r := &reading{directory: identity.BaseDirectory{PLCURL: plc, SkipHandleVerification: true}, lastAt: time.Now()}
	socket, _, err := websocket.DefaultDialer.Dial(url+"/xrpc/com.atproto.sync.subscribeRepos?cursor=0", nil)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for isQuiet := false; !isQuiet; {
			time.Sleep(200 * time.Millisecond)
			r.Lock()
			isQuiet = time.Since(r.lastAt) > quiet
			r.Unlock()
		}
		cancel()
	}()
	silent := slog.New(slog.NewTextHandler(io.Discard, nil))
	err = events.HandleRepoStream(ctx, socket, schedule(r.callbacks(context.Background()).EventHandler), silent)
	if ctx.Err() == nil {
		log.Fatal(err)
	}
	return r
}

func main() {
	url, plc := os.Args[1], os.Args[2]
	one := read(url, plc, func(do func(context.Context, *events.XRPCStreamEvent) error) events.Scheduler {
		return sequential.NewScheduler("one", do)
	})
	many := read(url, plc, func(do func(context.Context, *events.XRPCStreamEvent) error) events.Scheduler {
		return parallel.NewScheduler(8, 100, "many", do)
	})
	json.NewEncoder(os.Stdout).Encode(map[string][]string{
		"sequential": one.lines, "parallel": many.lines, "faults": append(one.faults, many.faults...),
	})
}

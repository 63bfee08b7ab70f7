// Checks our log with Go's golang.org/x/mod/sumdb/note and tlog: run by tests/evidence/test_foreign.py.
//
// It reads a JSON document from standard input, fetches the tiles from the address in it, stops at the first fault with
// one line on standard error, and prints how much it has checked.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type document struct {
	Tiles       string   // address to which a tile's path is added
	Keys        []string // verifier keys
	Checkpoints []string // signed notes, by size
	Altered     []string // notes that must be refused
	Leaves      []string // leaf hashes, hexadecimal
	Inclusion   []struct {
		Checkpoint int
		Index      int64
		Hashes     []string
	}
	Consistency []struct {
		Old, New int
		Hashes   []string
	}
}

// tiles reads tiles of height 8 over HTTP: C2SP tlog-tiles leaves the height out of the paths that tlog writes.
type tiles struct {
	address string
	known   map[string][]byte
}

func (t *tiles) Height() int { return 8 }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		if t.known[path] == nil {
			response, err := http.Get(t.address + path)
			if err != nil {
				return nil, err
			}
			data, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				return nil, err
			}
			if response.StatusCode != 200 {
				return nil, fmt.Errorf("%s was answered with %d", path, response.StatusCode)
			}
			t.known[path] = data
		}
		found = append(found, t.known[path])
	}
	return found, nil
}

// tree reads a checkpoint's three lines (C2SP tlog-checkpoint); tlog.ParseTree knows only those of Go's own log.
func tree(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		fail("a checkpoint has not three lines: %q", text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size of a checkpoint")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err, "root of a checkpoint")
	if len(root) != tlog.HashSize {
		fail("a root has %d bytes", len(root))
	}
	var hash tlog.Hash
	copy(hash[:], root)
	return tlog.Tree{N: size, Hash: hash}
}

func hashes(texts []string) []tlog.Hash {
	found := []tlog.Hash{}
	for _, text := range texts {
		data, err := hex.DecodeString(text)
		check(err, "hash")
		if len(data) != tlog.HashSize {
			fail("a hash has %d bytes", len(data))
		}
		var hash tlog.Hash
		copy(hash[:], data)
		found = append(found, hash)
	}
	return found
}

func same(ours, theirs []tlog.Hash, what string) {
	if len(ours) != len(theirs) {
		fail("%s: we have %d hashes, tlog has %d", what, len(ours), len(theirs))
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			fail("%s: hash %d differs", what, i)
		}
	}
}

func fail(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

func check(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func main() {
	var given document
	check(json.NewDecoder(os.Stdin).Decode(&given), "the document")

	var verifiers []note.Verifier
	for _, key := range given.Keys {
		verifier, err := note.NewVerifier(key)
		check(err, key)
		verifiers = append(verifiers, verifier)
	}
	known := note.VerifierList(verifiers...)
	signatures := 0
	var trees []tlog.Tree
	for _, text := range given.Checkpoints {
		opened, err := note.Open([]byte(text), known)
		check(err, text)
		if len(opened.UnverifiedSigs) != 0 {
			fail("not by a key of ours: %s", text)
		}
		signatures += len(opened.Sigs)
		trees = append(trees, tree(opened.Text))
	}
	for _, text := range given.Altered {
		if _, err := note.Open([]byte(text), known); err == nil {
			fail("an altered checkpoint was opened: %q", text)
		}
	}

	// The tree as tlog itself makes it from our leaf hashes.
	var stored []tlog.Hash
	memory := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	leaves := hashes(given.Leaves)
	for i, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, memory)
		check(err, "a leaf")
		stored = append(stored, more...)
	}
	served := &tiles{given.Tiles, map[string][]byte{}}
	var readers []tlog.HashReader
	for _, one := range trees {
		root, err := tlog.TreeHash(one.N, memory)
		check(err, "a root")
		same([]tlog.Hash{one.Hash}, []tlog.Hash{root}, fmt.Sprintf("root of %d", one.N))
		// This reader holds every tile that it is given against the root.
		readers = append(readers, tlog.TileHashReader(one, served))
	}

	for _, proof := range given.Inclusion {
		one, ours := trees[proof.Checkpoint], hashes(proof.Hashes)
		what := fmt.Sprintf("entry %d of %d", proof.Index, one.N)
		check(tlog.CheckRecord(ours, one.N, one.Hash, proof.Index, leaves[proof.Index]), what)
		for _, reader := range []tlog.HashReader{memory, readers[proof.Checkpoint]} {
			theirs, err := tlog.ProveRecord(one.N, proof.Index, reader)
			check(err, what)
			same(ours, theirs, what)
		}
	}
	for _, proof := range given.Consistency {
		old, new, ours := trees[proof.Old], trees[proof.New], hashes(proof.Hashes)
		what := fmt.Sprintf("%d continues %d", new.N, old.N)
		check(tlog.CheckTree(ours, new.N, new.Hash, old.N, old.Hash), what)
		for _, reader := range []tlog.HashReader{memory, readers[proof.New]} {
			theirs, err := tlog.ProveTree(new.N, old.N, reader)
			check(err, what)
			same(ours, theirs, what)
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]int{
		"signatures":  signatures,
		"refused":     len(given.Altered),
		"inclusion":   len(given.Inclusion),
		"consistency": len(given.Consistency),
		"tiles":       len(served.known),
	})
}

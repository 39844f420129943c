// What Cilium itself says of a CiliumNetworkPolicy: whether it takes it, which names a pattern means, which ways its policy engine
// lets a pod go, and how long its memory of names allows an address. All of it is Cilium's own code; its agent, DNS proxy and datapath are not there.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
)

const usage = "say what: take FILE..., names QUESTIONS, ways QUESTIONS FILE..., or remembered QUESTIONS"

func main() {
	answer, err := answer(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cilium-judge:", err)
		os.Exit(1)
	}
}

func answer(words []string) (any, error) {
	// The answers go to a program: what Cilium notes beside them is of no use there.
	logger := slog.New(slog.DiscardHandler)
	switch {
	case len(words) > 1 && words[0] == "take":
		return take(logger, words[1:])
	case len(words) == 2 && words[0] == "names":
		questions, err := questions[selector](words[1])
		if err != nil {
			return nil, err
		}
		return names(questions)
	case len(words) > 2 && words[0] == "ways":
		questions, err := questions[way](words[1])
		if err != nil {
			return nil, err
		}
		return verdicts(logger, words[2:], questions)
	case len(words) == 2 && words[0] == "remembered":
		questions, err := questions[history](words[1])
		if err != nil {
			return nil, err
		}
		return remembered(logger, questions)
	}
	return nil, errors.New(usage)
}

// Reads a list of questions in JSON, in which nothing may be unknown.
func questions[Q any](text string) ([]Q, error) {
	var questions []Q
	reader := json.NewDecoder(strings.NewReader(text))
	reader.DisallowUnknownFields()
	err := reader.Decode(&questions)
	return questions, err
}

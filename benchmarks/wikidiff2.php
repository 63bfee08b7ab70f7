<?php
// Compares the lines of two texts with wikidiff2: a line of JSON in, a line of JSON out.
$ready = function_exists('wikidiff2_inline_json_diff');
while (($line = fgets(STDIN)) !== false) {
    $question = json_decode($line, true);
    $start = hrtime(true);
    $diff = $ready ? wikidiff2_inline_json_diff($question['old'], $question['new'], 1000000) : '{"diff": []}';
    $ms = (hrtime(true) - $start) / 1e6;
    echo json_encode(['ready' => $ready, 'ms' => $ms, 'diff' => json_decode($diff, true)['diff']]), "\n";
}

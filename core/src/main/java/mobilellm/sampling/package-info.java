/// From logits to the next token: bias, penalties, filters, one seeded draw.
///
/// The steps run in the order of llama.cpp's default chain; each one sees only what the step before it left:
///
/// | step | option | what stays | source |
/// |---|---|---|---|
/// | bias | `logitBias` | `logit + bias`; negative infinity bans a token | OpenAI's API |
/// | repetition | `repeatPenalty` | for each token of the window once: `logit / penalty` if positive, else `logit * penalty` | CTRL, Keskar et al. 2019 |
/// | frequency, presence | `frequencyPenalty`, `presencePenalty` | `logit - count * frequency - presence` for tokens of the window | OpenAI's API |
/// | top-k | `topK` | the `k` largest, exactly `k` also where logits are equal | Fan et al. 2018 |
/// | typical | `typicalP` | the shortest prefix, by ascending distance of `-ln p` to the entropy, whose sum reaches `p` | Meister et al. 2022 |
/// | top-p | `topP` | the shortest prefix, by descending probability, whose sum reaches `p` | Holtzman et al. 2019 |
/// | min-p | `minP` | what has at least `minP` times the largest probability | Nguyen et al. 2024 |
/// | temperature | `temperature` | `softmax(logit / temperature)`; 0 puts everything on the largest | |
///
/// The window is the last `repeatLastN` tokens of prompt and answer together. Among equals the lower id comes first,
/// and no step leaves fewer than one token.
///
/// **The same seed gives the same text on every machine**, given the same logits: all arithmetic is in `double` (which
/// Java rounds alike everywhere), exponentials and logarithms are [StrictMath]'s, and the random numbers are our own
/// SplitMix64 (Steele, Lea, Flood 2014). Each token takes exactly one random number, or none at temperature 0.
@NullMarked
package mobilellm.sampling;

import org.jspecify.annotations.NullMarked;

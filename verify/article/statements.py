"""What the article says, statement by statement, in its order and in our own words.

The claims that decide a statement name it in their source; `also` lists claims filed under another statement that
bear on it too. Statements are data: nothing is computed from a verdict that stands here, and a claim may contradict it.
"""

import enum
from dataclasses import dataclass
from typing import Final

TITLE: Final = "Why mean squared error loss works poorly with softmax"
DATE: Final = "2023-12-29"

INTRODUCTION: Final = "Introduction"
SOFTMAX: Final = "Softmax function"
SQUARED_ERROR: Final = "Mean squared error loss + softmax"
CROSS_ENTROPY: Final = "Cross Entropy loss + softmax"
SUMMARY: Final = "Summary"
REFERENCES: Final = "References"


class StatementVerdict(enum.Enum):
    """What becomes of a statement once it is made precise."""

    EXACT = "exact"
    EXACT_IF = "exact if"
    LIMIT = "limit"
    PRINTED = "printed decimals"
    QUANTIFIED = "quantified"
    FALSE = "false as written"
    NOT_MATHEMATICAL = "not mathematical"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One thing that the article says.

    Attributes:
        id: permanent; claims name it as ``Source(..., statement=id)``.
        heading: section of the article.
        place: where in the section.
        text: the statement in our own words, Markdown.
        verdict: what becomes of it once it is made precise.
        condition: the hypothesis that it needs and does not state; empty where it needs none.
        reason: what is true, what is not, and what repairs it.
        also: ids of claims filed under other statements that bear on this one.
    """

    id: str
    heading: str
    place: str
    text: str
    verdict: StatementVerdict
    reason: str
    condition: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Slip:
    """Something in the article that does not hold as it stands, however small.

    Attributes:
        id: permanent.
        text: what is off, and how it has to be read, Markdown.
        claims: ids of claims that show it; empty where there is nothing to compute.
    """

    id: str
    text: str
    claims: tuple[str, ...] = ()


STATEMENTS: Final = (
    # --- Introduction -----------------------------------------------------------------------------------------------
    Statement(
        id="title-mse-poor",
        heading=INTRODUCTION,
        place="title and last sentence",
        text="Squared error is a poor loss behind a softmax.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            "Not a statement of its own but the sum of three others: the gradient vanishes under saturation, descent "
            "is then exponentially slow, and cross entropy does neither. It holds for plain gradient descent on one "
            "confidently wrong example, not for every training run."
        ),
        also=(
            "squared-error.saturated.norm-at-most",
            "squared-error.saturated.wrong-norm-at-least",
            "cross-entropy.saturated.wrong-norm-at-least",
        ),
    ),
    Statement(
        id="intro-ce-usual",
        heading=INTRODUCTION,
        place="second sentence",
        text="Networks that end in a softmax are nearly always trained with cross entropy.",
        verdict=StatementVerdict.NOT_MATHEMATICAL,
        reason="A statement about habits, not checked.",
    ),
    Statement(
        id="intro-mse-rare",
        heading=INTRODUCTION,
        place="third sentence",
        text="Such networks are hardly ever trained with mean squared error.",
        verdict=StatementVerdict.NOT_MATHEMATICAL,
        reason="A statement about habits, not checked; published comparisons exist on both sides.",
    ),
    # --- Softmax function -------------------------------------------------------------------------------------------
    Statement(
        id="sm-def",
        heading=SOFTMAX,
        place="the definition",
        text=r"Softmax is $`\sigma_i(x) = e^{x_i} / \sum_k e^{x_k}`$.",
        verdict=StatementVerdict.EXACT,
        reason=(
            r"A definition. It is printed with the free index as summation index, and as $`\sigma(x_i)`$ although "
            r"every logit enters; with a renamed index and read as $`\sigma_i(x)`$ it is the library's function at all "
            r"real logits."
        ),
    ),
    Statement(
        id="sm-need",
        heading=SOFTMAX,
        place="first sentence after the definition",
        text="Backpropagation needs the gradients.",
        verdict=StatementVerdict.NOT_MATHEMATICAL,
        reason="True by what backpropagation is; there is nothing to check.",
    ),
    Statement(
        id="sm-quot",
        heading=SOFTMAX,
        place="the sentence on the quotient rule",
        text="The derivative of softmax follows from the quotient rule.",
        verdict=StatementVerdict.EXACT,
        reason=r"It gives $`(\delta_{ij} e^{x_i} S - e^{x_i} e^{x_j}) / S^2`$ with $`S = \sum_k e^{x_k}`$.",
    ),
    Statement(
        id="sm-jac",
        heading=SOFTMAX,
        place="the display after the definition, first form",
        text=r"$`\partial \sigma_i / \partial x_j = \sigma_i (\delta_{ij} - \sigma_j)`$.",
        verdict=StatementVerdict.EXACT,
        reason="An identity for all real logits and every number of classes.",
    ),
    Statement(
        id="sm-jac-diag",
        heading=SOFTMAX,
        place="the display after the definition, case i = j",
        text=r"For $`i = j`$ the derivative is $`\sigma_i (1 - \sigma_j)`$.",
        verdict=StatementVerdict.EXACT,
        reason="The diagonal of the Jacobian, checked apart from the rest.",
        also=("softmax.jacobian",),
    ),
    Statement(
        id="sm-jac-off",
        heading=SOFTMAX,
        place="the display after the definition, case i ≠ j",
        text=r"For $`i \ne j`$ the derivative is $`-\sigma_i \sigma_j`$.",
        verdict=StatementVerdict.EXACT,
        reason="The entries off the diagonal, checked apart from the rest.",
        also=("softmax.jacobian",),
    ),
    Statement(
        id="sm-kernel",
        heading=SOFTMAX,
        place="implied by the display after the definition",
        text=r"Moving all logits alike moves no output, $`J \mathbf 1 = 0`$, so each gradient by the logits sums to 0.",
        verdict=StatementVerdict.EXACT,
        reason="Shift invariance, differentiated. It holds for every loss that sees the logits through softmax alone.",
    ),
    # --- Mean squared error loss + softmax --------------------------------------------------------------------------
    Statement(
        id="mse-def",
        heading=SQUARED_ERROR,
        place="the first display",
        text=r"The loss is $`L = \frac{1}{2} \lVert \sigma(x) - y \rVert_2^2`$.",
        verdict=StatementVerdict.EXACT,
        reason=(
            r"A definition. It is half the sum of squares, $`\frac{n}{2}`$ times their mean, and equals the mean at "
            r"$`n = 2`$ only."
        ),
    ),
    Statement(
        id="mse-shape",
        heading=SQUARED_ERROR,
        place="the sentence after the first display",
        text=r"Target and outputs are taken to be vectors of two entries.",
        verdict=StatementVerdict.EXACT,
        reason=(
            "A choice, not a claim, and the displays that follow write $`n`$ entries all the same. Nothing is lost: "
            "the formulas hold for every $`n`$, and for every real target."
        ),
        also=("squared-error.gradient",),
    ),
    Statement(
        id="mse-dsigma",
        heading=SQUARED_ERROR,
        place="the display of the derivative by the outputs",
        text=r"$`\partial L / \partial \sigma = (\sigma - y)^{\top}`$, a row with entries $`\sigma_i - y_i`$.",
        verdict=StatementVerdict.EXACT,
        reason="An identity for every target, the outputs taken as free variables.",
    ),
    Statement(
        id="mse-chain",
        heading=SQUARED_ERROR,
        place="the display on the chain rule, first line",
        text=r"$`\partial L / \partial x_j = (\partial L / \partial \sigma)(\partial \sigma / \partial x_j)`$.",
        verdict=StatementVerdict.EXACT,
        reason=r"The sum $`\sum_i (\sigma_i - y_i) J_{ij}`$, for every target and every number of classes.",
        also=("softmax.any-loss-gradient",),
    ),
    Statement(
        id="sm-jcol",
        heading=SQUARED_ERROR,
        place="the display on the chain rule, the column vector",
        text=r"$`\partial \sigma / \partial x_j`$ is the column of the $`\partial \sigma_i / \partial x_j`$.",
        verdict=StatementVerdict.EXACT,
        reason="A column of the Jacobian.",
        also=("softmax.jacobian",),
    ),
    Statement(
        id="mse-n2-x1-chain",
        heading=SQUARED_ERROR,
        place="two classes, first logit, line 1",
        text=(
            r"$`\partial L / \partial x_1`$ is the sum of "
            r"$`(\partial L / \partial \sigma_i)(\partial \sigma_i / \partial x_1)`$ over $`i = 1, 2`$."
        ),
        verdict=StatementVerdict.EXACT,
        reason="The chain rule written out.",
    ),
    Statement(
        id="mse-n2-x1",
        heading=SQUARED_ERROR,
        place="two classes, first logit, line 2",
        text=(
            r"$`\partial L / \partial x_1 = (\sigma_1 - y_1)\,\sigma_1 (1 - \sigma_1) "
            r"+ (\sigma_2 - y_2)(-\sigma_1 \sigma_2)`$."
        ),
        verdict=StatementVerdict.EXACT,
        reason=(
            r"An identity for every $`y`$. It is $`\sigma_1 \sigma_2 [(\sigma_1 - y_1) - (\sigma_2 - y_2)]`$, and "
            r"$`2 \sigma_1 \sigma_2 (\sigma_1 - y_1)`$ exactly where $`y_1 + y_2 = 1`$."
        ),
    ),
    Statement(
        id="mse-n2-x2-chain",
        heading=SQUARED_ERROR,
        place="two classes, second logit, line 1",
        text=(
            r"$`\partial L / \partial x_2`$ is the sum of "
            r"$`(\partial L / \partial \sigma_i)(\partial \sigma_i / \partial x_2)`$ over $`i = 1, 2`$."
        ),
        verdict=StatementVerdict.EXACT,
        reason="The chain rule written out.",
    ),
    Statement(
        id="mse-n2-x2",
        heading=SQUARED_ERROR,
        place="two classes, second logit, line 2",
        text=(
            r"$`\partial L / \partial x_2 = (\sigma_1 - y_1)(-\sigma_1 \sigma_2) "
            r"+ (\sigma_2 - y_2)\,\sigma_2 (1 - \sigma_2)`$."
        ),
        verdict=StatementVerdict.EXACT,
        reason=r"An identity for every $`y`$, and the negative of $`\partial L / \partial x_1`$.",
        also=("squared-error.gradient-sums-to-zero",),
    ),
    Statement(
        id="mse-gen",
        heading=SQUARED_ERROR,
        place="implied by the two displays for two classes",
        text=(
            r"For any $`n`$, $`\partial L / \partial x_j "
            r"= \sigma_j [(\sigma_j - y_j) - \langle \sigma, \sigma - y \rangle]`$."
        ),
        verdict=StatementVerdict.EXACT,
        reason="The same computation without the restriction to two classes; an identity for every target.",
        also=("softmax.any-loss-gradient",),
    ),
    Statement(
        id="sm-dom",
        heading=SQUARED_ERROR,
        place="the paragraph on one large logit",
        text="A logit far above the others has an output near 1, and the other outputs are near 0.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            r"With gap $`g`$ the others share at least $`e^{-g} / (1 + e^{-g})`$ and at most $`(n-1) e^{-g}`$. "
            r'"Far above" means a gap well above $`\ln(n-1)`$: the number of classes counts.'
        ),
    ),
    Statement(
        id="sm-sum",
        heading=SQUARED_ERROR,
        place="the remark in brackets on the sum of all terms",
        text="The outputs sum to 1.",
        verdict=StatementVerdict.EXACT,
        reason="True of real numbers; floats keep it up to rounding.",
        also=("softmax.jacobian-column-sums",),
    ),
    Statement(
        id="example-3",
        heading=SQUARED_ERROR,
        place="the numerical example",
        text=r"At logits $`(0.2,\,5,\,0.3)`$ the outputs are $`0.00809`$, $`0.983`$ and $`0.00894`$.",
        verdict=StatementVerdict.PRINTED,
        reason=(
            "All three digits of each are right. The equals sign is not meant literally: the printed numbers add up to "
            "1.00003. The example has three classes in a section that announced two."
        ),
    ),
    Statement(
        id="example-julia",
        heading=SQUARED_ERROR,
        place="the Julia code",
        text=r"Code that subtracts the largest logit before it exponentiates computes softmax.",
        verdict=StatementVerdict.EXACT,
        reason=r"By shift invariance, $`\sigma(x + c \mathbf 1) = \sigma(x)`$, which the article uses without a word.",
    ),
    Statement(
        id="mse-lim-1",
        heading=SQUARED_ERROR,
        place="the display of four limits, line 1",
        text=r"Two classes: if $`\sigma_1 \approx 0`$ then $`\partial L / \partial x_1 \approx 0`$.",
        verdict=StatementVerdict.LIMIT,
        reason=(
            r"For a fixed target $`\partial L / \partial x_1 = -(1 + y_1 - y_2)\,\sigma_1 + O(\sigma_1^2)`$, the "
            r"remainder known exactly. With more classes only this one component is small."
        ),
        also=("squared-error.component-bound", "squared-error.component-bound-any-target"),
    ),
    Statement(
        id="mse-lim-2",
        heading=SQUARED_ERROR,
        place="the display of four limits, line 2",
        text=(
            r"Two classes: if $`\sigma_1 \approx 1`$ then $`\sigma_2 \approx 0`$ and "
            r"$`\partial L / \partial x_1 \approx 0`$."
        ),
        verdict=StatementVerdict.LIMIT,
        reason=(
            r"$`\partial L / \partial x_1 = (1 - y_1 + y_2)\,\sigma_2 + O(\sigma_2^2)`$; the factor that vanishes is "
            r"$`1 - \sigma_1 = \sigma_2`$. Of second order exactly where the prediction is right."
        ),
        also=("squared-error.component-bound", "squared-error.component-bound-any-target"),
    ),
    Statement(
        id="mse-lim-3",
        heading=SQUARED_ERROR,
        place="the display of four limits, line 3",
        text=r"Two classes: if $`\sigma_2 \approx 0`$ then $`\partial L / \partial x_2 \approx 0`$.",
        verdict=StatementVerdict.LIMIT,
        reason=r"$`\partial L / \partial x_2 = -(1 - y_1 + y_2)\,\sigma_2 + O(\sigma_2^2)`$ for a fixed target.",
        also=("squared-error.component-bound", "squared-error.component-bound-any-target"),
    ),
    Statement(
        id="mse-lim-4",
        heading=SQUARED_ERROR,
        place="the display of four limits, line 4",
        text=(
            r"Two classes: if $`\sigma_2 \approx 1`$ then $`\sigma_1 \approx 0`$ and "
            r"$`\partial L / \partial x_2 \approx 0`$."
        ),
        verdict=StatementVerdict.LIMIT,
        reason=r"$`\partial L / \partial x_2 = (1 + y_1 - y_2)\,\sigma_1 + O(\sigma_1^2)`$ for a fixed target.",
        also=("squared-error.component-bound", "squared-error.component-bound-any-target"),
    ),
    Statement(
        id="mse-vanish",
        heading=SQUARED_ERROR,
        place="the paragraph after the four limits, first sentence",
        text="In the saturated cases the gradient of squared error vanishes.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            r"With gap $`g`$ its norm is at most $`\sqrt{n^2 + n + 2}\; e^{-g}`$ for every target that is a "
            r"distribution, the best constant. It is of the exact order $`e^{-g}`$ for a wrong one-hot target, and "
            r"that is the harm; for the right one it is of order $`e^{-2g}`$, as it should be. The article does not "
            r"tell these two apart."
        ),
    ),
    Statement(
        id="net-any",
        heading=SQUARED_ERROR,
        place="the paragraph after the four limits, first sentence",
        text="The layers in front of the softmax do not matter.",
        verdict=StatementVerdict.FALSE,
        reason=(
            r"A layer can undo the decay: behind $`x = \ln u`$ a gradient component tends to $`-2`$ as the gap grows. "
            r"Repaired: the gradient of any layer is at most the norm of $`\partial x / \partial \theta`$ times the "
            r"gradient by the logits, so it vanishes wherever that norm grows more slowly than $`e^{g}`$, as it does "
            r"for dense layers; and every example of the batch has to be saturated."
        ),
    ),
    Statement(
        id="net-zero",
        heading=SQUARED_ERROR,
        place="the paragraph after the four limits, first sentence",
        text="The gradient that is handed to the earlier layers is 0.",
        verdict=StatementVerdict.FALSE,
        reason=(
            r"At finite logits it is not: with two classes, wrong prediction, it is $`2u / (1 + u)^3 > 0`$, "
            r"$`u = e^{-g}`$. Repaired: its norm is at most any $`\epsilon > 0`$ once "
            r"$`g \ge \ln(\sqrt{n^2 + n + 2} / \epsilon)`$. Floats do reach 0, one component much earlier than the "
            r"other."
        ),
        also=("squared-error.two-class.wrong-exact", "squared-error.saturated.wrong-norm-at-least"),
    ),
    Statement(
        id="mse-no-backprop",
        heading=SQUARED_ERROR,
        place="the paragraph after the four limits, second sentence",
        text="Squared error cannot be propagated back through a softmax that is saturated at 0 or 1.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            r"What gets through is of order $`e^{-g}`$ times the sensitivity of the layers in front. "
            r'"Cannot" is literally true in floats only.'
        ),
        also=(
            "squared-error.saturated.norm-at-most",
            "squared-error.saturated.below-any-threshold",
            "network.hidden-layer-saturated",
        ),
    ),
    Statement(
        id="train-stuck",
        heading=SQUARED_ERROR,
        place="the paragraph after the four limits, last sentence",
        text="Training can be difficult: the network gets stuck and stops learning.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            r"From a wrong gap $`d_0`$ gradient flow needs about $`\frac14 e^{d_0}`$ with squared error and "
            r"$`\frac12 d_0`$ with cross entropy to undo it: exponentially slow, always finite. It stops in floats, "
            r"where a step smaller than half an ulp changes nothing. Adaptive optimisers escape much earlier."
        ),
    ),
    # --- Cross Entropy loss + softmax -------------------------------------------------------------------------------
    Statement(
        id="ce-xent",
        heading=CROSS_ENTROPY,
        place="the first display",
        text=r"Cross entropy is $`-\sum_i p_i \ln q_i`$.",
        verdict=StatementVerdict.EXACT,
        reason=(
            r"A definition. It needs $`q_i > 0`$ wherever $`p_i \ne 0`$ and the convention $`0 \ln 0 = 0`$, which a "
            r"literal program does not have."
        ),
    ),
    Statement(
        id="ce-def",
        heading=CROSS_ENTROPY,
        place="the second display, first line",
        text=r"The loss is $`L = -\sum_i y_i \ln \sigma_i`$.",
        verdict=StatementVerdict.EXACT,
        reason=(
            "A definition; the sentence before it drops the index of the outputs. "
            r"Without cancellation it is $`\ln(\sum_k e^{x_k}) \sum_i y_i - \langle y, x \rangle`$."
        ),
    ),
    Statement(
        id="ce-dsigma",
        heading=CROSS_ENTROPY,
        place="the second display, the row vector",
        text=r"$`\partial L / \partial \sigma`$ is the row of the $`-y_i / \sigma_i`$.",
        verdict=StatementVerdict.EXACT,
        reason="An identity for every target. It is unbounded as an output goes to 0, and this is the whole point.",
    ),
    Statement(
        id="ce-chain",
        heading=CROSS_ENTROPY,
        place="the display on the chain rule, first line",
        text=r"Again $`\partial L / \partial x_j = (\partial L / \partial \sigma)(\partial \sigma / \partial x_j)`$.",
        verdict=StatementVerdict.EXACT,
        reason="The chain rule, for every target and every number of classes.",
        also=("softmax.jacobian-column", "softmax.any-loss-gradient"),
    ),
    Statement(
        id="ce-n2-x1",
        heading=CROSS_ENTROPY,
        place="two classes, first logit",
        text=(
            r"$`\partial L / \partial x_1 = -y_1 + y_1 \sigma_1 + y_2 \sigma_1 = \sigma_1 - y_1`$, from the chain rule "
            r"written out."
        ),
        verdict=StatementVerdict.EXACT_IF,
        condition=r"$`y_1 + y_2 = 1`$",
        reason="The lines up to the last hold for every target; the last step uses a hypothesis that is not stated.",
    ),
    Statement(
        id="ce-n2-x2",
        heading=CROSS_ENTROPY,
        place="two classes, second logit",
        text=(
            r"$`\partial L / \partial x_2 = y_1 \sigma_2 + y_2 \sigma_2 - y_2 = \sigma_2 - y_2`$, from the chain rule "
            r"written out."
        ),
        verdict=StatementVerdict.EXACT_IF,
        condition=r"$`y_1 + y_2 = 1`$",
        reason="The lines up to the last hold for every target; the last step uses a hypothesis that is not stated.",
    ),
    Statement(
        id="ce-gen",
        heading=CROSS_ENTROPY,
        place="implied by the two displays for two classes",
        text=r"$`\nabla_x L = \sigma - y`$ for any number of classes.",
        verdict=StatementVerdict.EXACT_IF,
        condition=r"$`\sum_i y_i = 1`$",
        reason=r"For every target it is $`(\sum_i y_i)\,\sigma - y`$.",
    ),
    Statement(
        id="ce-lim-1",
        heading=CROSS_ENTROPY,
        place="the display of four limits, line 1",
        text=r"If $`\sigma_1 \approx 0`$ then $`\partial L / \partial x_1 \approx -y_1`$.",
        verdict=StatementVerdict.LIMIT,
        reason=r"The remainder is exactly $`\sigma_1 \sum_i y_i`$, for every target.",
    ),
    Statement(
        id="ce-lim-2",
        heading=CROSS_ENTROPY,
        place="the display of four limits, line 2",
        text=r"If $`\sigma_1 \approx 1`$ then $`\partial L / \partial x_1 \approx 1 - y_1`$.",
        verdict=StatementVerdict.LIMIT,
        condition=r"$`\sum_i y_i = 1`$",
        reason=r"The remainder is then $`-(1 - \sigma_1)`$. For any target the limit is $`\sum_i y_i - y_1`$.",
    ),
    Statement(
        id="ce-lim-3",
        heading=CROSS_ENTROPY,
        place="the display of four limits, line 3",
        text=r"If $`\sigma_2 \approx 0`$ then $`\partial L / \partial x_2 \approx -y_2`$.",
        verdict=StatementVerdict.LIMIT,
        reason=r"The remainder is exactly $`\sigma_2 \sum_i y_i`$, for every target.",
    ),
    Statement(
        id="ce-lim-4",
        heading=CROSS_ENTROPY,
        place="the display of four limits, line 4",
        text=r"If $`\sigma_2 \approx 1`$ then $`\partial L / \partial x_2 \approx 1 - y_2`$.",
        verdict=StatementVerdict.LIMIT,
        condition=r"$`\sum_i y_i = 1`$",
        reason=r"The remainder is then $`-(1 - \sigma_2)`$. For any target the limit is $`\sum_i y_i - y_2`$.",
    ),
    Statement(
        id="ce-novanish",
        heading=CROSS_ENTROPY,
        place="the last paragraph, first sentence",
        text="With cross entropy the gradients do not disappear when outputs are saturated at 0 or 1.",
        verdict=StatementVerdict.FALSE,
        reason=(
            r"They do where the saturated prediction is right: the article's own limits then read 0. Repaired: for a "
            r"wrong one-hot target $`\lvert \partial L / \partial x_t \rvert = 1 - \sigma_t \ge \frac12`$, and the "
            r"norm lies between $`\sqrt2\,\max_i \sigma_i`$ and $`\sqrt2`$."
        ),
    ),
    Statement(
        id="ce-cancel",
        heading=CROSS_ENTROPY,
        place="the last paragraph, second sentence",
        text="The logarithm's derivative has a denominator that cancels the softmax term of the Jacobian.",
        verdict=StatementVerdict.EXACT,
        reason=(
            r"Term by term, $`(\partial L / \partial \sigma_i)(\partial \sigma_i / \partial x_j) "
            r"= -y_i (\delta_{ij} - \sigma_j)`$. Only the factor $`\sigma_i`$ cancels; the bracket stays, and lets the "
            r"gradient vanish where the prediction is right."
        ),
    ),
    # --- Summary ----------------------------------------------------------------------------------------------------
    Statement(
        id="sum-mse",
        heading=SUMMARY,
        place="first sentence",
        text="Squared error does not work well with softmax, since its gradients vanish as the outputs saturate.",
        verdict=StatementVerdict.QUANTIFIED,
        reason="Repeats what was said of the vanishing gradient and of training; the same repairs apply.",
        also=(
            "squared-error.saturated.norm-at-most",
            "squared-error.saturated.wrong-norm-at-least",
            "squared-error.saturated.right-norm-at-most",
        ),
    ),
    Statement(
        id="sum-l1",
        heading=SUMMARY,
        place="second sentence",
        text="The same goes for the L1 norm.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            r"The article gives no formula. Made precise it is true: the norm of the gradient is at most "
            r"$`2\sqrt2\, m (1 - m)`$ with $`m = \max_i \sigma_i \ge \frac12`$, whatever the target. Unlike squared "
            r"error it has kinks, and its gradient is of first order even where the prediction is right."
        ),
    ),
    Statement(
        id="l1-def",
        heading=SUMMARY,
        place="implied by the second sentence",
        text=r"The L1 loss is $`L = \lVert \sigma - y \rVert_1`$.",
        verdict=StatementVerdict.EXACT,
        reason="Our reading: the article names the norm and writes no loss.",
    ),
    Statement(
        id="l1-grad",
        heading=SUMMARY,
        place="implied by the second sentence",
        text=(
            r"With $`P = \sum_{\sigma_i < y_i} \sigma_i`$ the gradient of L1 is $`2 \sigma_j P`$ where "
            r"$`\sigma_j > y_j`$ and $`-2 \sigma_j (1 - P)`$ where $`\sigma_j < y_j`$."
        ),
        verdict=StatementVerdict.EXACT,
        reason=(
            r"An identity away from the kinks $`\sigma_i = y_i`$, where JAX takes slope $`+1`$. One-hot targets: "
            r"$`2 \sigma_t (\sigma - e_t)`$."
        ),
    ),
    Statement(
        id="l1-vanish",
        heading=SUMMARY,
        place="implied by the second sentence",
        text="The gradient of L1 vanishes as the outputs saturate.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            r"At most of order $`e^{-g}`$. For a one-hot target it is of the exact order of "
            r"$`\sigma_t (1 - \sigma_t)`$: where the prediction is wrong, the target's own gap counts."
        ),
    ),
    Statement(
        id="sum-other",
        heading=SUMMARY,
        place="second sentence",
        text="The same goes for other losses whose derivative does not cancel the effect of softmax.",
        verdict=StatementVerdict.QUANTIFIED,
        reason=(
            r"Sufficient: every loss with bounded $`\partial L / \partial \sigma`$ has a gradient of order $`e^{-g}`$. "
            r"A loss of the target's output alone that escapes is at least logarithmically unbounded. A logarithm in "
            r"the formula is not the criterion: the Jensen-Shannon divergence has one and vanishes."
        ),
        also=("softmax.any-loss-gradient",),
    ),
    Statement(
        id="sum-ce",
        heading=SUMMARY,
        place="last sentence",
        text="Cross entropy has a denominator in its gradient that cancels, in a way, the saturated outputs.",
        verdict=StatementVerdict.EXACT,
        reason="Repeats what was said of the logarithm, as vaguely as it should be: one factor cancels, one stays.",
        also=("cross-entropy.cancellation", "cross-entropy.cancellation-of-everything"),
    ),
    # --- References -------------------------------------------------------------------------------------------------
    Statement(
        id="ref-dlb",
        heading=REFERENCES,
        place="first entry",
        text=(
            "Goodfellow, Bengio and Courville say of softmax units that losses without a logarithm to undo the "
            "exponential fail to learn, and squared error in particular."
        ),
        verdict=StatementVerdict.NOT_MATHEMATICAL,
        reason="A citation, in agreement with what is shown here of the vanishing gradient and of other losses.",
    ),
    Statement(
        id="ref-eby",
        heading=REFERENCES,
        place="second entry",
        text=(
            "Bendersky derives the Jacobian of softmax, and the gradient by the weights of a dense layer in front "
            "of it."
        ),
        verdict=StatementVerdict.EXACT,
        reason=(
            r"$`\partial \sigma_t / \partial W_{ij} = \sigma_t (\delta_{ti} - \sigma_i) z_j`$, where a transposed "
            r"layout would show."
        ),
        also=("softmax.jacobian",),
    ),
)

SLIPS: Final = (
    Slip(
        id="slip-1",
        text=(
            r"The definition of softmax sums over the index that it leaves free, and $`\sigma(x_i)`$ stands for "
            r"$`\sigma_i(x)`$ throughout: no output is a function of one logit."
        ),
        claims=("softmax.definition", "softmax.function-of-one-logit"),
    ),
    Slip(
        id="slip-2",
        text=(
            r'"Mean" squared error is half the sum of squares, $`\frac{n}{2}`$ times the mean, and equals the mean at '
            r"$`n = 2`$ only."
        ),
        claims=(
            "squared-error.half-the-sum",
            "squared-error.two-class.equals-the-mean",
            "squared-error.equals-the-mean",
        ),
    ),
    Slip(
        id="slip-3",
        text=(
            r"Two classes are announced, then rows of $`n`$ entries are written, and the numerical example has three. "
            r"The formulas hold for every $`n`$."
        ),
        claims=("squared-error.gradient", "softmax.example.three-digits"),
    ),
    Slip(
        id="slip-4",
        text="Rounded decimals stand after an equals sign; they add up to 1.00003.",
        claims=("softmax.example.three-digits", "softmax.example.printed-as-equal"),
    ),
    Slip(
        id="slip-5",
        text=(
            r"The last lines of both cross-entropy derivations, and two of the four limits drawn from them, need "
            r"$`\sum_i y_i = 1`$, which is not stated."
        ),
        claims=(
            "cross-entropy.two-class.x1-line-3-any-target",
            "cross-entropy.two-class.x2-line-3-any-target",
            "cross-entropy.limits.line-2-any-target",
            "cross-entropy.limits.line-4-any-target",
        ),
    ),
    Slip(
        id="slip-6",
        text=(
            "The four limits for squared error need a target that stays bounded, and from three classes on they hold "
            "component by component only."
        ),
        claims=(
            "squared-error.limit-1.unbounded-target",
            "squared-error.one-dead-output-kills-all",
            "squared-error.three-class.one-dead-output",
        ),
    ),
    Slip(
        id="slip-7",
        text='"In both cases" follows four displayed cases, and right and wrong predictions are not told apart.',
        claims=("squared-error.two-class.wrong-exact", "squared-error.two-class.right-exact"),
    ),
    Slip(
        id="slip-8",
        text=(
            'The gradient "is 0", the layers in front "do not matter", the network "stops learning": none of the three '
            "is literally true of real numbers."
        ),
        claims=("squared-error.two-class.gradient-zero", "network.no-matter-what-layers"),
    ),
    Slip(
        id="slip-9",
        text=(
            "That cross-entropy gradients do not disappear under saturation contradicts the article's own limits where "
            "the prediction is right."
        ),
        claims=("cross-entropy.saturated.does-not-disappear", "cross-entropy.saturated.right-vanishes"),
    ),
    Slip(
        id="slip-10",
        text=(
            r"The substitution in cross entropy replaces $`q_i`$ by $`\sigma(x)`$ without an index, and the convention "
            r"$`0 \ln 0 = 0`$ is not mentioned."
        ),
        claims=("cross-entropy.definition",),
    ),
    Slip(
        id="slip-11",
        text=r"Not the softmax term cancels but its factor $`\sigma_i`$; the factor $`\delta_{ij} - \sigma_j`$ stays.",
        claims=("cross-entropy.cancellation", "cross-entropy.cancellation-of-everything"),
    ),
    Slip(
        id="slip-12",
        text="The L1 norm gets no formula and no word on its kinks.",
        claims=("absolute-error.definition", "absolute-error.gradient"),
    ),
    Slip(
        id="slip-13",
        text=(
            "Everything is said of one example and plain gradient descent: a batch, momentum and adaptive steps are "
            "not considered."
        ),
        claims=("network.batch.shared-bias", "network.batch.one-saturated-example"),
    ),
)

package dev.vmplane.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobLabelsTest {
    private final List<String> ended = new ArrayList<>();
    private final JobLabels<String> labels = new JobLabels<>(2, label -> "meters of " + label, ended::add);

    @Test
    void theFirstJobsHaveLabelsOfTheirOwnAndTheRestShareOne() {
        assertThat(List.of(labels.of("a"), labels.of("b"), labels.of("c"), labels.of("d"), labels.of("a")))
                .containsExactly("meters of a", "meters of b", "meters of other", "meters of other", "meters of a");
    }

    @Test
    void aJobThatIsGoneLeavesItsLabelToAnother() {
        labels.of("a");
        labels.of("b");

        labels.forget("a");
        labels.forget("c");

        assertThat(ended).containsExactly("meters of a");
        assertThat(labels.of("c")).isEqualTo("meters of c");
        assertThat(labels.of("a")).isEqualTo("meters of other");
    }

    @Test
    void aJobThatIsCalledOtherIsOneOfTheOthers() {
        assertThat(labels.of("other")).isEqualTo("meters of other");

        labels.forget("other");

        assertThat(ended).isEmpty();
    }
}

package dev.vmplane.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The deciders together, on worlds that a seed makes: safe at every commit, and at rest where everybody wanted to be. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SpineWorldTest {
    private static final int STEPS = 400;

    static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aFleetStaysSafeAndComesToRest(long seed) {
        var world = new World(seed);

        for (var step = 0; step < STEPS; step++) {
            world.step();
        }
        world.comeToRest();

        world.checkRest();
        assertThat(world.fullPass().intents().isEmpty())
                .as("a second pass does nothing")
                .isTrue();
    }

    @Test
    void theRarePathsAreVisited() {
        var seen = new TreeMap<String, Integer>();
        seeds().forEach(seed -> {
            var world = new World(seed);
            for (var step = 0; step < STEPS; step++) {
                world.step();
            }
            world.comeToRest();
            world.checkRest();
            world.sometimes.forEach((what, times) -> seen.merge(what, times, Integer::sum));
        });

        assertThat(seen.keySet())
                .contains(
                        "attached",
                        "attached from warm while wishing",
                        "a wish changed",
                        "steered: START",
                        "steered: STOP",
                        "steered: RESTART",
                        "a job is stopped at rest",
                        "pool empty at attach",
                        "replaced",
                        "a running VM died",
                        "a job came to its end",
                        "warm VMs given up for one that a job waits for",
                        "claimed before it was warm",
                        "an address was lent to one that waited for it",
                        "waits: NO_CAPACITY",
                        "at rest for NO_CAPACITY",
                        "at rest for NO_ADDRESS",
                        "a job waits: VOLUME_BUSY",
                        "a job waits: IMAGE_PULLING",
                        "a job waits: IMAGE_FAILED",
                        "paused",
                        "attached late from warm",
                        "attached late from paused",
                        "a VM failed while it was attached",
                        "a job expired",
                        "refused: image_unknown",
                        "refused: image_in_use",
                        "refused: image_deleting",
                        "a job waits for another at rest",
                        "refused: volume_in_use",
                        "refused: volume_deleting",
                        "refused: vm_moved");
    }
}

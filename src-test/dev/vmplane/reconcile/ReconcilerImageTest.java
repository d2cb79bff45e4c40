package dev.vmplane.reconcile;

import static dev.vmplane.Samples.HASH;
import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Pictures;
import dev.vmplane.Samples;
import dev.vmplane.Specs;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Image;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.States;
import dev.vmplane.model.VolumeUse;
import dev.vmplane.model.WarmPool;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What an image that is not here yet means for those that boot from it. */
class ReconcilerImageTest {
    private static final String DIGEST = Pictures.digest('a');

    @ParameterizedTest
    @CsvSource({"PULLING, IMAGE_PULLING", "FAILED, IMAGE_FAILED", "DELETING, IMAGE_FAILED"})
    void aJobWaitsForItsImageAndSaysSo(Image.State state, ReasonCode code) {
        var plan = plan(job(image(state)));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.waiting())
                .extracting(waiting -> waiting.reason().code())
                .containsExactly(code);
        assertThat(plan.waiting().get(0).reason().detail()).startsWith("image localhost/app:1 ");
    }

    @Test
    void aJobWhoseImageNobodyKnowsWaits() {
        assertThat(plan(job(null)).waiting())
                .extracting(waiting -> waiting.reason().code())
                .containsExactly(ReasonCode.IMAGE_FAILED);
    }

    @Test
    void aJobWhoseImageIsHereIsPlaced() {
        assertThat(plan(job(image(Image.State.READY))).intents().place())
                .containsExactly(new Intents.Place("web", 0, 1));
    }

    @Test
    void aFormerVmKeepsItsVolumesWhileTheImageOfTheNextOneIsNotHere() {
        var former = new MicroVm(
                "vm-old",
                "here",
                "hash-of-before",
                Samples.boot(8080),
                Samples.owner("web", 0),
                States.of(Phase.RUNNING, NOW),
                "127.64.0.1",
                NOW,
                false);
        var job = job(image(Image.State.PULLING));
        var view = new JobView(
                job.job(), List.of(former), List.of(), List.of(new VolumeUse("data", "vm-old", "web")), job.image());

        assertThat(plan(view).intents().isEmpty()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Image.State.class,
            names = {"PULLING", "FAILED", "DELETING"})
    void aPoolIsNotFilledBeforeItsImageIsHere(Image.State state) {
        assertThat(plan(pool(image(state))).intents().isEmpty()).isTrue();
    }

    @Test
    void aPoolWhoseImageIsHereIsFilled() {
        assertThat(plan(pool(image(Image.State.READY))).intents().warm()).containsExactly(new Intents.Warm(HASH, 2));
    }

    @Test
    void anImageThatIsHereKnocksAndOneThatIsNotDoesNot() {
        assertThat(Knocks.of(changed(image(Image.State.READY)))).containsExactly(new Key.Image(DIGEST));
        assertThat(Knocks.of(changed(image(Image.State.PULLING)))).isEmpty();
        assertThat(Knocks.of(changed(image(Image.State.FAILED)))).isEmpty();
    }

    private static Image image(Image.State state) {
        return Pictures.in(state, DIGEST, List.of("localhost/other:1"));
    }

    private static JobView job(Image image) {
        var spec = Specs.withImage(Specs.service("red", 0, 0), Pictures.pinned(DIGEST));
        return new JobView(Samples.job("web", spec), List.of(), List.of(), List.of(), image);
    }

    private static PoolSlice pool(Image image) {
        return new PoolSlice(HASH, 1, new WarmPool(2, 2), List.of(), null, image);
    }

    private static Changes changed(Image image) {
        return new Changes(
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(image),
                List.of(),
                List.of(),
                List.of(),
                List.of());
    }

    private static Plan plan(JobView view) {
        return plan(new Slices(List.of(view), List.of()));
    }

    private static Plan plan(PoolSlice pool) {
        return plan(new Slices(List.of(), List.of(pool)));
    }

    private static Plan plan(Slices world) {
        return Reconciler.reconcile(world, hash -> 0, 0, new Brake(50, 5), NOW);
    }
}

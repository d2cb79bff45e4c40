package dev.vmplane.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Pictures;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ImageBudgetTest {
    private final ImageView old = view('a', Image.State.READY, 1, List.of());
    private final ImageView young = view('b', Image.State.READY, 2, List.of());
    private final ImageView newest = view('c', Image.State.READY, 3, List.of());

    @Test
    void nothingGoesWhileEverythingFits() {
        assertThat(ImageBudget.next(List.of(old, young, newest), 700, 1000)).isEmpty();
    }

    @Test
    void theOldestGoesFirst() {
        assertThat(ImageBudget.next(List.of(newest, young, old), 701, 1000)).contains(old);
    }

    @Test
    void whatIsInUseStays() {
        var used = view('a', Image.State.READY, 1, List.of("job"));

        assertThat(ImageBudget.next(List.of(used, young, newest), 701, 1000)).contains(young);
    }

    @Test
    void theLastOneThatCameStays() {
        assertThat(ImageBudget.next(List.of(newest), 1000, 1)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Image.State.class,
            names = {"PULLING", "DELETING"})
    void whatIsOnItsWayIsLeftAlone(Image.State state) {
        var moving = view('a', state, 1, List.of());

        assertThat(ImageBudget.next(List.of(moving, newest), 1000, 1)).isEmpty();
    }

    private static ImageView view(char letter, Image.State state, int second, List<String> jobs) {
        var image = Pictures.in(state, Pictures.digest(letter), List.of());
        return new ImageView(
                new Image(
                        image.digest(),
                        image.references(),
                        image.config(),
                        state,
                        image.progress(),
                        100,
                        image.trouble(),
                        image.failures(),
                        image.nextTry(),
                        image.node(),
                        Instant.ofEpochSecond(second)),
                jobs,
                List.of());
    }
}

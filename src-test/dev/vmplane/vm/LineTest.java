package dev.vmplane.vm;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineTest {
    private final Line line = new Line(2);
    private final List<String> begun = new ArrayList<>();

    @Test
    void aTaskRunsAtOnceWhenNothingIsUnderWay() {
        line.run(() -> task("first"));

        assertThat(begun).containsExactly("first");
    }

    @Test
    void tasksRunOneAfterAnotherInTheOrderTheyCame() {
        var first = Promise.<Void>promise();
        var second = Promise.<Void>promise();
        line.run(() -> task("first").compose(done -> first.future()));
        line.run(() -> task("second").compose(done -> second.future()));
        line.run(() -> task("third"));
        assertThat(begun).containsExactly("first");

        first.complete();
        assertThat(begun).containsExactly("first", "second");

        second.complete();
        assertThat(begun).containsExactly("first", "second", "third");
    }

    @Test
    void aFullLineTakesNothingMore() {
        var first = Promise.<Void>promise();
        line.run(first::future);
        assertThat(line.run(() -> task("second"))).isTrue();
        assertThat(line.run(() -> task("third"))).isTrue();

        assertThat(line.run(() -> task("fourth"))).isFalse();

        first.complete();
        assertThat(begun).containsExactly("second", "third");
        assertThat(line.run(() -> task("fifth"))).isTrue();
    }

    @Test
    void aTaskThatFailsDoesNotStopTheLine() {
        line.run(() -> Future.failedFuture("it went wrong"));

        line.run(() -> task("second"));

        assertThat(begun).containsExactly("second");
    }

    @Test
    void aTaskThatThrowsDoesNotStopTheLine() {
        line.run(() -> {
            throw new IllegalStateException("a defect");
        });

        line.run(() -> task("second"));

        assertThat(begun).containsExactly("second");
    }

    @Test
    void aTaskMayPutAnotherInTheLine() {
        line.run(() -> {
            line.run(() -> task("second"));
            return task("first");
        });

        assertThat(begun).containsExactly("first", "second");
    }

    private Future<Void> task(String name) {
        begun.add(name);
        return Future.succeededFuture();
    }
}

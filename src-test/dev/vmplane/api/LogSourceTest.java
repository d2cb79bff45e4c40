package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.model.LogLine;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.VmState;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogSourceTest {
    private static final LogLine EARLIER = line(100);
    private static final LogLine LATER = line(101);

    @Test
    void whoeverDoesNotFollowWantsWhatThereWas() {
        var source = new LogSource(vm(), false);
        source.open(0, 100);

        assertThat(List.of(EARLIER, LATER).stream().filter(source::wants)).containsExactly(EARLIER);
    }

    @Test
    void whoeverFollowsWantsWhatComesToo() {
        var source = new LogSource(vm(), true);
        source.open(0, 100);

        assertThat(List.of(EARLIER, LATER).stream().filter(source::wants)).containsExactly(EARLIER, LATER);
    }

    private static LogLine line(long end) {
        return new LogLine(null, LogLine.Stream.STDOUT, new byte[0], false, end);
    }

    private static MicroVm vm() {
        return new MicroVm(
                "vm-1",
                "node-1",
                Samples.HASH,
                Samples.boot(80),
                null,
                new VmState.Warm(Samples.NOW, Samples.PROCESS),
                "127.64.0.1",
                Samples.NOW,
                false);
    }
}

package dev.vmplane.vm;

import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.host.GuestEnd;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndingTest {
    private static final GuestExit DONE = new GuestExit(0, null);

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-, 9, the hypervisor's process was killed by signal 9",
                "1, -, the hypervisor's process ended with status 1",
                "-, -, the hypervisor's process is gone"
            })
    void aHypervisorThatEndsUnderASilentGuestIsAFailureThatSaysHow(Integer status, Integer signal, String detail) {
        var end = Ending.gone(Samples.running(), said(GuestExit.UNKNOWN), new ProcessEnd(status, signal), NOW);

        assertThat(end).isInstanceOf(VmState.Failed.class);
        assertThat(end.reason()).isEqualTo(new Reason(ReasonCode.VMM_DIED, detail));
    }

    @Test
    void whatTheGuestSaysOfItselfCountsMoreThanWhatItsProcessReturned() {
        var end = Ending.gone(Samples.running(), said(DONE), new ProcessEnd(1, null), NOW);

        assertThat(end).isInstanceOf(VmState.Stopped.class);
        assertThat(end.reason().code()).isEqualTo(ReasonCode.GUEST_EXITED);
    }

    @Test
    void aGuestThatWasWantedGoneHasStoppedHoweverItEnded() {
        var wish = new Reason(ReasonCode.DELETED, "the job was deleted");
        var stopping = Samples.running().toStopping(NOW, NOW, wish);

        var end = Ending.gone(stopping, said(new GuestExit(7, null)), ProcessEnd.UNKNOWN, NOW);

        assertThat(end).isEqualTo(new VmState.Stopped(NOW, wish, new GuestExit(7, null)));
    }

    @Test
    void aGuestThatCouldNotRunItsProgramSaysWhy() {
        var cannot = "cannot become web: there is no such user";

        var end =
                Ending.gone(Samples.running(), new GuestEnd(new GuestExit(126, null), cannot), ProcessEnd.UNKNOWN, NOW);

        assertThat(end.reason())
                .isEqualTo(
                        new Reason(
                                ReasonCode.GUEST_EXITED,
                                "the guest's program ended with status 126: the guest cannot become web: there is no such user"));
    }

    @Test
    void aGuestThatGaveUpAndSaidNoMoreSaysWhyToo() {
        var end = Ending.gone(
                Samples.running(),
                new GuestEnd(GuestExit.UNKNOWN, "cannot read the configuration: no program"),
                new ProcessEnd(0, null),
                NOW);

        assertThat(end.reason())
                .isEqualTo(new Reason(
                        ReasonCode.VMM_DIED,
                        "the hypervisor's process ended with status 0: the guest cannot read the configuration: no"
                                + " program"));
    }

    private static GuestEnd said(GuestExit exit) {
        return new GuestEnd(exit, null);
    }
}

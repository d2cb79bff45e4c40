package dev.vmplane.hypervisor.firecracker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.hypervisor.firecracker.JailerChoice.Use;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JailerChoiceTest {
    @ParameterizedTest
    @CsvSource({
        "AUTO,   true,  true,  true,  false",
        "AUTO,   true,  false, false, true",
        "AUTO,   false, true,  false, true",
        "AUTO,   false, false, false, true",
        "ALWAYS, true,  true,  true,  false",
        "NEVER,  true,  true,  false, false",
        "NEVER,  false, false, false, false",
    })
    void aJailIsUsedWhereItIsWantedAndPossible(
            Use use, boolean installed, boolean root, boolean jailed, boolean doubtful) {
        var choice = JailerChoice.choose(use, installed, root);

        assertThat(choice.jailed()).isEqualTo(jailed);
        assertThat(choice.doubtful()).isEqualTo(doubtful);
    }

    @Test
    void aJailThatMustBeAndCannotSaysWhatToDo() {
        assertThatThrownBy(() -> JailerChoice.choose(Use.ALWAYS, false, true))
                .hasMessage("jailer.use cannot be always: there is no jailer on the PATH;"
                        + " install the one of Firecracker's release beside it");
        assertThatThrownBy(() -> JailerChoice.choose(Use.ALWAYS, true, false))
                .hasMessage("jailer.use cannot be always: it needs root; run the control plane as root");
    }
}

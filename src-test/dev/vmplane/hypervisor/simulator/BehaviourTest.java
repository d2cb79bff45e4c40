package dev.vmplane.hypervisor.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BehaviourTest {

    @Test
    void whatIsNotSetIsUsual() {
        var usual = Behaviour.of(new JsonObject());

        assertThat(usual.bootMs()).isEqualTo(50);
        assertThat(usual.refuse()).isEmpty();
        assertThat(usual.hang()).isFalse();
    }

    @Test
    void aGuestSteersItselfByItsEnvironment() {
        var settings = Behaviour.settingsIn(
                Map.of("SIM_BOOT_MS", "7", "SIM_UNHEALTHY", "true", "SIM_EXIT_STATUS", "3", "PORT", "80"));

        var behaviour = Behaviour.of(settings);

        assertThat(behaviour.bootMs()).isEqualTo(7);
        assertThat(behaviour.unhealthy()).isTrue();
        assertThat(behaviour.exitStatus()).isEqualTo(3);
    }

    @Test
    void aGuestCannotSteerItsHypervisor() {
        assertThat(Behaviour.settingsIn(Map.of("SIM_HANG", "true"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            {"boot":1}           | unknown key boot
            {"boot_ms":-1}       | boot_ms must be a number from 0 to 86400000
            {"boot_ms":"soon"}   | boot_ms must be a number from 0 to 86400000
            {"exit_status":256}  | exit_status must be a number from 0 to 255
            {"hang":1}           | hang must be true or false
            {"refuse":[1]}       | refuse must be a list of calls
            """)
    void aBadSettingIsNamed(String settings, String why) {
        assertThatThrownBy(() -> Behaviour.of(new JsonObject(settings)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why);
    }
}

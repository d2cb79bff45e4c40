package dev.vmplane.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ProcessTableTest {
    private static final Path RUN = Path.of("/s/run");

    @Test
    void aCommandLineNamesItsVmByTheFirstPathBelowTheRunDirectory() {
        var commandLine = "qemu\0-chardev\0socket,path=/s/run/vm-1/api.sock\0-drive\0file=/s/run/vm-2/config.img\0";

        assertThat(ProcessTable.idBelow(RUN, commandLine)).contains("vm-1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "tail\0-f\0/s/run.log\0",
                "ls\0/s/run\0",
                "ls\0/s/run/\0",
                "ls\0/s/run/vm-1\0",
                "ls\0/s/run//x\0",
                "ls\0/s/run/a,b/c\0",
                "ls\0/s/running/vm-1/x\0"
            })
    void otherCommandLinesNameNone(String commandLine) {
        assertThat(ProcessTable.idBelow(RUN, commandLine)).isEmpty();
    }
}

package dev.vmplane.host.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageFilesTest {
    @TempDir
    Path dir;

    @Test
    void versionTwoCountsInMicroseconds() throws IOException {
        write("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n");
        write("memory.current", "4096\n");

        assertThat(UsageFiles.read(tree(dir))).contains(new Usage(1_500_000, 4096));
    }

    @Test
    void versionOneCountsInNanoseconds() throws IOException {
        write("cpuacct.usage", "1500\n");
        write("memory.usage_in_bytes", "4096\n");

        assertThat(UsageFiles.read(tree(null))).contains(new Usage(1500, 4096));
    }

    @Test
    void whereProcessorTimeIsNotCountedMemoryIs() throws IOException {
        write("memory.usage_in_bytes", "4096\n");

        assertThat(UsageFiles.read(tree(null))).contains(new Usage(0, 4096));
    }

    @Test
    void aCgroupThatHasGoneTellsNothing() throws IOException {
        assertThat(UsageFiles.read(tree(dir))).isEmpty();
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(dir.resolve(file), text);
    }

    private Tree tree(Path mount) {
        return new Tree(mount, Map.of(Controller.CPU, dir, Controller.MEMORY, dir, Controller.PIDS, dir));
    }
}

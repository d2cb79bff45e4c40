package dev.vmplane.host;

import java.nio.file.Path;
import java.util.List;

/**
 * A process that shall run for a VM.
 *
 * @param directory where it runs; {@code command} must name a path inside, which is how the process is recognized later
 * @param output the file that what it prints is appended to
 * @param cgroups the files it writes itself into before it runs the program
 */
public record ProcessOrder(RunDirectory directory, List<String> command, Path output, List<Path> cgroups) {}

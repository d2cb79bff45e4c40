package dev.vmplane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Environment variables for a guest as people write them: {@code NAME=VALUE}, or {@code NAME} for this process's value. */
final class Variables {
    private Variables() {}

    /** What is written wins over what is in files, and the last over the first. */
    static Map<String, String> of(List<Path> files, List<String> written, Map<String, String> environment) {
        var variables = new LinkedHashMap<String, String>();
        for (var file : files) {
            try {
                Files.readAllLines(file).stream()
                        .map(String::stripLeading)
                        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                        .forEach(line -> put(variables, line, environment));
            } catch (IOException failure) {
                throw new CommandException("--env-file " + file + " cannot be read: " + Reasons.of(failure));
            }
        }
        written.forEach(variable -> put(variables, variable, environment));
        return variables;
    }

    /** A name alone that is not set here is not set there, as with docker. */
    private static void put(Map<String, String> variables, String written, Map<String, String> environment) {
        var equals = written.indexOf('=');
        if (equals == 0) {
            throw new CommandException("the variable '" + written + "' cannot be set: it has no name");
        }
        var name = equals < 0 ? written : written.substring(0, equals);
        var value = equals < 0 ? environment.get(name) : written.substring(equals + 1);
        if (value != null) {
            variables.put(name, value);
        }
    }
}

package dev.vmplane;

import dev.vmplane.model.FieldPath;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * A YAML text as plain Java values, together with the line each of them is written on.
 *
 * <p>A word without quotes is a number, {@code true}, {@code false} or {@code null} only where JSON has that very word
 * and it says nothing but the value: {@code no}, {@code 0755}, {@code 1.10} and {@code 1e3} stay the texts they are, so a
 * variable reaches a guest as it was written. Merge keys and tags of one's own do not exist here.
 *
 * @param value {@code Map}, {@code List}, {@code String}, {@code Integer}, {@code Long}, {@code Boolean} or null
 * @param lines by path as {@link FieldPath} writes it, counted from 1
 */
public record YamlDocument(Object value, Map<String, Integer> lines) {
    private static final int MAX_CHARACTERS = 1 << 20;
    private static final int MAX_NESTING = 50;
    private static final int MAX_ALIASES = 50;

    /** Values after aliases are followed, since few aliases of aliases can stand for millions. */
    private static final int MAX_VALUES = 200_000;

    private static final int MAX_PROBLEM = 200;

    /**
     * Reads one document.
     *
     * @throws RefusedException with the line at fault
     */
    public static YamlDocument parse(String text) {
        if (text.length() > MAX_CHARACTERS) {
            throw refused("too_large", "", "a YAML text cannot have more than " + MAX_CHARACTERS + " characters");
        }
        try {
            var root = composer(text).getSingleNode();
            var walk = new Walk();
            return new YamlDocument(root == null ? null : walk.value(root, "", 0), walk.lines);
        } catch (MarkedYAMLException malformed) {
            var mark = malformed.getProblemMark();
            var place =
                    mark == null ? "" : "line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) + ": ";
            throw refused("bad_yaml", "", place + bounded(malformed.getProblem()));
        } catch (YAMLException malformed) {
            throw refused("bad_yaml", "", bounded(malformed.getMessage()));
        }
    }

    /** The document as an object; an empty one when nothing is written. */
    @SuppressWarnings("unchecked") // the walk makes text of every key
    public Map<String, Object> object() {
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map) {
            return (Map<String, Object>) value;
        }
        throw refused("wrong_type", "", "the document cannot be a list or a single value: an object");
    }

    /** Where {@code path} is written, or the nearest place around it that is. */
    public int line(String path) {
        var place = path;
        while (!place.isEmpty() && !lines.containsKey(place)) {
            place = FieldPath.parent(place);
        }
        return lines.getOrDefault(place, 1);
    }

    private static Composer composer(String text) {
        var options = new LoaderOptions();
        options.setCodePointLimit(MAX_CHARACTERS);
        options.setNestingDepthLimit(MAX_NESTING);
        options.setMaxAliasesForCollections(MAX_ALIASES);
        return new Composer(new ParserImpl(new StreamReader(text), options), new Words(), options);
    }

    private static RefusedException refused(String code, String path, String message) {
        return new Refusal(Refusal.Kind.BAD_INPUT, code, path.isEmpty() ? null : path, message).asException();
    }

    private static String bounded(String problem) {
        var line = String.valueOf(problem).replaceAll("\\p{Cntrl}+", " ");
        return line.length() > MAX_PROBLEM ? line.substring(0, MAX_PROBLEM) + "…" : line;
    }

    /** Knows what a word without quotes is. */
    private static final class Words extends Resolver {
        private static final Pattern WHOLE = Pattern.compile("0|-?[1-9][0-9]{0,17}");

        @Override
        public Tag resolve(NodeId kind, String word, boolean plain) {
            if (kind != NodeId.scalar) {
                return super.resolve(kind, word, plain);
            }
            return plain ? tag(word) : Tag.STR;
        }

        private static Tag tag(String word) {
            return switch (word) {
                case "true", "false" -> Tag.BOOL;
                case "null", "~", "" -> Tag.NULL;
                default -> WHOLE.matcher(word).matches() ? Tag.INT : Tag.STR;
            };
        }
    }

    /** Goes through the nodes once, making values of them and noting lines. */
    private static final class Walk {
        private final Map<String, Integer> lines = new HashMap<>();
        private int values;

        private Object value(Node node, String path, int depth) {
            if (++values > MAX_VALUES || depth > MAX_NESTING) {
                throw refusedAt(
                        node,
                        "too_large",
                        path,
                        "the document cannot stand for more than " + MAX_VALUES + " values or nest deeper than "
                                + MAX_NESTING);
            }
            if (node instanceof MappingNode mapping && node.getTag().equals(Tag.MAP)) {
                return map(mapping, path, depth);
            }
            if (node instanceof SequenceNode sequence && node.getTag().equals(Tag.SEQ)) {
                return list(sequence, path, depth);
            }
            if (node instanceof ScalarNode scalar) {
                return scalar(scalar, path);
            }
            throw refusedTag(node, path);
        }

        private Map<String, Object> map(MappingNode mapping, String path, int depth) {
            var map = new LinkedHashMap<String, Object>();
            for (var field : mapping.getValue()) {
                if (!(field.getKeyNode() instanceof ScalarNode key)) {
                    throw refusedAt(field.getKeyNode(), "bad_yaml", path, "a name cannot be a list or an object");
                }
                var name = key.getValue();
                var place = FieldPath.of(path, name);
                if (map.containsKey(name)) {
                    throw refusedAt(key, "duplicate_key", place, place + " cannot be written twice");
                }
                lines.putIfAbsent(place, line(key));
                map.put(name, value(field.getValueNode(), place, depth + 1));
            }
            return map;
        }

        private List<Object> list(SequenceNode sequence, String path, int depth) {
            var list = new ArrayList<Object>();
            for (var item : sequence.getValue()) {
                var place = FieldPath.of(path, list.size());
                lines.putIfAbsent(place, line(item));
                list.add(value(item, place, depth + 1));
            }
            return list;
        }

        private static Object scalar(ScalarNode node, String path) {
            var word = node.getValue();
            var tag = node.getTag();
            if (tag.equals(Tag.STR)) {
                return word;
            }
            if (!tag.equals(Words.tag(word))) {
                throw refusedTag(node, path);
            }
            if (tag.equals(Tag.BOOL)) {
                return Boolean.valueOf(word);
            }
            return tag.equals(Tag.NULL) ? null : whole(Long.parseLong(word));
        }

        private static Object whole(long number) {
            return number == (int) number ? (Object) (int) number : (Object) number;
        }

        private static int line(Node node) {
            return node.getStartMark().getLine() + 1;
        }

        private static RefusedException refusedTag(Node node, String path) {
            return refusedAt(
                    node, "bad_yaml", path, "the tag " + bounded(node.getTag().getValue()) + " cannot be used");
        }

        private static RefusedException refusedAt(Node node, String code, String path, String message) {
            return refused(code, path, "line " + line(node) + ": " + message);
        }
    }
}

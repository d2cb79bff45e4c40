package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of RFC 7386, appendix A, whose documents are objects. */
class MergePatchTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'a':'b'}            | {'a':'c'}                  | {'a':'c'}",
                "{'a':'b'}            | {'b':'c'}                  | {'a':'b','b':'c'}",
                "{'a':'b'}            | {'a':null}                 | {}",
                "{'a':'b','b':'c'}    | {'a':null}                 | {'b':'c'}",
                "{'a':['b']}          | {'a':'c'}                  | {'a':'c'}",
                "{'a':'c'}            | {'a':['b']}                | {'a':['b']}",
                "{'a':{'b':'c'}}      | {'a':{'b':'d','c':null}}   | {'a':{'b':'d'}}",
                "{'a':[{'b':'c'}]}    | {'a':[1]}                  | {'a':[1]}",
                "{'a':'foo'}          | {'a':{'b':'c','d':null}}   | {'a':{'b':'c'}}",
                "{'e':null}           | {'a':1}                    | {'e':null,'a':1}",
                "{}                   | {'a':{'bb':{'ccc':null}}}  | {'a':{'bb':{}}}"
            })
    void aPatchMakes(String target, String patch, String result) {
        assertThat(MergePatch.apply(json(target), json(patch))).isEqualTo(json(result));
    }

    @Test
    void whatIsPatchedStaysAsItWas() {
        var target = json("{'a':{'b':'c'}}");

        MergePatch.apply(target, json("{'a':{'b':null}}"));

        assertThat(target).isEqualTo(json("{'a':{'b':'c'}}"));
    }

    private static Map<String, Object> json(String text) {
        return new JsonObject(text.trim().replace('\'', '"')).getMap();
    }
}

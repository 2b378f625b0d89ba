# gatehouse_embed_migrations(OUTPUT FOLDER...): the steps below each FOLDER/SCHEMA become C++ text
# in OUTPUT, so that the program needs no files beside it.
function(gatehouse_embed_migrations output)
  set(embedded "// Made from migrations.\n#include \"storage/migration.h\"\n\n")
  string(APPEND embedded "namespace gatehouse::storage {\nnamespace {\n")
  foreach(schema user_manager api_manager registry)
    string(APPEND embedded "constexpr Migration ${schema}_steps[] = {\n")
    foreach(folder ${ARGN})
      file(GLOB files CONFIGURE_DEPENDS ${folder}/${schema}/*.sql)
      foreach(file ${files})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        get_filename_component(step ${file} NAME_WE)
        file(READ ${file} sql)
        string(APPEND embedded "    {\"${schema}/${step}\", R\"sql(${sql})sql\"},\n")
      endforeach()
    endforeach()
    string(APPEND embedded "};\n")
    string(APPEND spans "extern const std::span<const Migration> ${schema}_migrations;\n"
                        "constinit const std::span<const Migration> "
                        "${schema}_migrations(${schema}_steps);\n")
  endforeach()
  file(WRITE ${output}.txt "${embedded}}\n${spans}}  // namespace gatehouse::storage\n")
  configure_file(${output}.txt ${output} COPYONLY)
endfunction()
